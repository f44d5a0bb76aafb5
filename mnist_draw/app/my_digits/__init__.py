"""Digits that the user has taught, and learning them.

Modules
-------
my_digits
    Joins teaching, the list and learning.
teach_row
    Says what a drawing really is.
teach_controller
    Keeps a taught digit, and takes it back.
digit_list
    The list of taught digits and what is done with it.
digit_list_view
    The list as the user sees it.
digit_table
    Its table: digit, label, what the network said and says.
learn_card
    The card that offers to learn the digits.
learn_controller
    Joins that card to the service that learns.
"""
