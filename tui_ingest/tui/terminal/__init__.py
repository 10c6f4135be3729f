"""The way to the terminal: only what differs there is sent, and no more than it takes in.

driver    what Textual draws goes into the image, and from there to the terminal, as far as that
          has come: it is asked
image     what the terminal shows and what it ought to show, cell by cell
looks     how a cell looks, and the shortest sequence from one look to another
"""
