"""The engine: it alone counts, times, limits, kills and checks what methods and strategies claim.

`function` compiles a problem, `objective` meters it for one method, `attempt` drives the method, `supervisor` runs
attempts in children that can be killed, `judgement` checks the points they claim, `engine` puts it all together.
"""
