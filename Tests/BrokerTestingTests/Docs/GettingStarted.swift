import AMQPClient

/// Sends a message to a queue, which is made if there is none.
func send(_ text: String, to uri: String) async throws {
    try await withConnection(uri) { connection in
        try await connection.withChannel { channel in
            let hello = try await channel.declareQueue("hello")
            try await hello.publish(Message(text))
        }
    }
}

/// Shows each message of the queue, until the task is cancelled.
func receive(from uri: String, _ show: (String) -> Void) async throws {
    try await withConnection(uri) { connection in
        try await connection.withChannel { channel in
            let hello = try await channel.declareQueue("hello")
            for try await delivery in try await hello.consume() {
                show(delivery.text)
                try await delivery.ack()
            }
        }
    }
}
