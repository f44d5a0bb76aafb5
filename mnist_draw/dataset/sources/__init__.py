"""Where training data comes from: the kinds of files and folders that can be learnt."""
