"""The Train tab.

Modules
-------
train_tab
    The tab: settings, figures, curves and runs side by side.
run_controller
    Joins the tab to the service that trains.
runs_controller
    Joins the list of runs to their files.
run_state
    What is known of the run that is going on.
settings_panel
    The settings of a run.
layer_rows
    The hidden layers of a network of one's own, a row each.
network_fields
    Which network is trained.
augmentation_preview
    Training pictures as the network will see them.
figures_row
    Figures and progress of the run.
filters_view
    The weights of the first layer as pictures.
layers_view
    Updates, silent units and weights of each layer.
hint_card
    What the curves say, in words, with a remedy.
file_combo
    A menu of files or folders chosen so far, and one that chooses another.
rule_fields
    The parameters of the update rule chosen.
sections
    The parts of the panel, which fold.
setting_fields
    The field of each setting, made from its declaration.
"""
