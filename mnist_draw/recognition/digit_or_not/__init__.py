"""Whether ink is one digit, several, or none.

Modules
-------
rule
    The small fitted network that tells digits, several digits and what is none apart.
thresholds
    What of ink's shape no digit has, and when probabilities name one digit, two, or none.
fit
    Fits the rule: a command of its own, not needed when the program runs.
minibatches
    What the rule is fitted on, varied and mixed.
drawn
    Letters and symbols that people drew, read from a file.
made_up
    Pictures that are no digits, made up to fit the rule with.
spoilt
    What enlarging and cameras do to pictures.
alphabet
    Letters and signs as pen strokes, for making those.
"""
