print("topic")
