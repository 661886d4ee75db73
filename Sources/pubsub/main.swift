print("pubsub")
