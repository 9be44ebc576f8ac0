"""`mbmf equivalent`: whether the code of two commits gives the same results, byte for byte.

`copies` runs the workflow with the code of each, `compare` compares what came out, `differences`
says where two files differ, and `record` keeps the outcome.
"""
