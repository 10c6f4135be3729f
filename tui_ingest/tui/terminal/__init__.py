"""The way to the terminal: only what differs there is sent, and no more than it takes in.

drawing   the app's side: what Textual draws goes into the image, and from there to the terminal
image     what the terminal shows and what it ought to show, cell by cell
looks     how a cell looks, and the shortest sequence from one look to another
driver    asks the terminal how far it has come, and so knows how much may be under way
"""
