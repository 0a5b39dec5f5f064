"""Libraries over HTTP: `bunko serve`. Nothing here is imported before it is asked for.

hosting    the libraries and models that are served: asks, searches and reads, for all doors alike
inquiry    what is asked, and what may be wished for with it
libraries  one served library: a follower that keeps it in step, and a Library for each thread that reads it
jobs       an answer is made in a thread, and its events come out where the requests are served
queueing   whose turn it is
stopping   an answer ends before a stop text
access     who may come in: tokens, Host and Origin
app        the application: routers, middlewares, errors
native     the routes of the native API; documents, uploads and conversations have modules of their own
events     server-sent events
metrics    what Prometheus reads
running    uvicorn, signals, and the file by which other processes find this one
"""
