"""What the program says of a drawing, and why. It knows no board.

Modules
-------
answer_panel
    All that is said of the drawing, from the answer down.
network_menu
    The menu of networks that may answer.
probability_bars
    Ten bars: how probable the network finds each digit.
explanation_row
    The three cards below the bars, and how they share the room.
network_input_view
    The 28×28 picture that goes into the network.
saliency_view
    Which ink spoke for a digit and which against it.
activations_view
    What the units of a hidden layer put out.
why_link
    The link from an answer to what lies behind it.
unit_grid
    How the units of a layer are laid out.
"""
