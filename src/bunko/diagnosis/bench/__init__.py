"""Measure a model on this machine: `bunko bench`.

records       what a measurement consists of
timing        medians of repeats, the budget of seconds, and how busy the machine is
local         a model in our own engine: sizes of prompts, load time, memory
alternatives  other settings, each measured beside the one in use; other quantisations, estimated
remote        a server by URL
embedding     passages per second
run           all of it
"""
