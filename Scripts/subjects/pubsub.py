from logs import logs

logs("fanout", "logs", lambda scene: "", lambda scene: ([""], None))
