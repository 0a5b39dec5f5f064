"""Save an answer with everything that it was made from, and answer the question again later.

For Python programs:

recording = Recording(library, "Who built the mill?")
answer = recording.ask()
write_saved(recording.saved(), "answer.json")
...
replay = replay_answer(read_saved("answer.json"))
print(replay.changed, replay.changes)
"""

from bunko.replay.comparing import compare as compare
from bunko.replay.recording import Recording as Recording
from bunko.replay.replaying import replay_answer as replay_answer
from bunko.replay.saved_file import read_saved as read_saved
from bunko.replay.saved_file import write_saved as write_saved

__all__ = ["Recording", "compare", "read_saved", "replay_answer", "write_saved"]
