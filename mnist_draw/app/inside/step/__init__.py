"""The section *One step*: how does it learn?

``step_section``
    Joins everything.
``step_worker``
    The thread in which a copy of the network learns.
``stage_bar``
    The five stages as buttons.
``stage_picture``, ``stage_painter``, ``unit_cells``, ``answers``, ``minibatch``
    The picture of the stage in front: its widget, and how its parts are painted.
``weight_view``
    One weight, followed.
``code_card``, ``code_view``, ``code_lines``
    The tutorial's lines, what Theano computes, and the buttons that go on.
``graph``
    The graph of operations.
``step_table``
    The step as a table.
"""
