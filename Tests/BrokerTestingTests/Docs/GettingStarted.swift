import AMQPClient

/// Sends a message to a queue, which is made if there is none.
func send(_ text: String, to uri: String) async throws {
    try await withConnection(uri) { connection in
        try await connection.withChannel { channel in
            let greetings = try await channel.declareQueue("greetings", durable: true)
            try await greetings.publish(Message(text))
        }
    }
}

/// Shows each message of the queue, until the task is cancelled.
func receive(from uri: String, _ show: (String) -> Void) async throws {
    try await withConnection(uri) { connection in
        try await connection.withChannel { channel in
            let greetings = try await channel.declareQueue("greetings", durable: true)
            for try await delivery in try await greetings.consume() {
                show(delivery.text)
                try await delivery.ack()
            }
        }
    }
}
