import AMQPClient
import TestSupport
import Testing

private let awaiting = " [x] Awaiting RPC requests"

/// For answers that always come: beside a thousand other tests they may take longer than a person would wait.
private let patiently = ["--timeout", "180"]

@Suite("Step 6: rpc", .watched)
struct RPCTests {
    @Test("A server answers, whatever it is asked", arguments: Venue.all)
    func questions(_ venue: Venue) async throws {
        let good = [("0", "0"), ("1", "1"), ("90", "2880067194370816120"), ("92", "7540113804746346429")]
        let bad = [
            ("-1", "fib(-1) is outside of 0...92"), ("93", "fib(93) is outside of 0...92"),
            ("1000000", "fib(1000000) is outside of 0...92"), ("abc", "'abc' is not a whole number"),
            ("", "'' is not a whole number"), ("9223372036854775808", "'9223372036854775808' is not a whole number"),
        ]
        try await onStage(venue) { stage in
            let server = try await stage.startReady("rpc", "serve")
            #expect(
                try await stage.run("rpc", words: ["call"] + patiently).lines == [
                    " [x] Requesting fib(30)", " [.] Got 832040",
                ])
            for (question, reason) in bad {
                let output = try await stage.run("rpc", words: ["call", question] + patiently, status: 1)
                #expect(output.lines == [" [x] Requesting fib(\(question))", " [.] Got error: \(reason)"])
                #expect(output.errors.count == 1)
            }
            for (question, answer) in good {
                #expect(
                    try await stage.run("rpc", words: ["call", question] + patiently).lines
                        == [" [x] Requesting fib(\(question))", " [.] Got \(answer)"])
            }
            let asked = ["30"] + (bad + good).map(\.0)
            #expect(try await stage.interrupt(server) == [awaiting] + asked.map { " [.] fib(\($0))" })
        }
    }

    @Test("Several clients share two servers, and each gets its own answer", arguments: Venue.all)
    func crowd(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let servers = [try await stage.startReady("rpc", "serve"), try await stage.startReady("rpc", "serve")]
            let clients = try (10..<18).map { ($0, try stage.start("rpc", "call", "\($0)", "--timeout", "180")) }
            let numbers = [55, 89, 144, 233, 377, 610, 987, 1597]
            for ((question, client), answer) in zip(clients, numbers) {
                #expect(
                    try await stage.finish(client).lines
                        == [" [x] Requesting fib(\(question))", " [.] Got \(answer)"])
            }
            var answered = 0
            for server in servers { answered += try await stage.interrupt(server).count - 1 }
            #expect(answered == clients.count)
        }
    }

    @Test("Without a server the client gives up in time, and its question waits", arguments: Venue.all)
    func noServer(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let output = try await stage.run("rpc", "call", "5", "--timeout", "0.1", status: 1)
            #expect(output.lines == [" [x] Requesting fib(5)"])
            #expect(output.errors.count == 1)
            #expect(output.errors.first?.contains("swift run rpc serve") == true)
        }
    }

    @Test("A request without reply-to is dropped, and does not block those behind it")
    func noReplyTo() async throws {
        try await onStage(.any) { stage in
            let server = try await stage.startReady("rpc", "serve")
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            try await channel.publish(Message("7"), routingKey: "rpc_queue")
            try await channel.publish(
                Message("8", properties: BasicProperties(replyTo: "nobody's queue")), routingKey: "rpc_queue")
            try await connection.close()
            #expect(try await stage.run("rpc", words: ["call", "9"] + patiently).lines.last == " [.] Got 34")
            #expect(
                try await stage.interrupt(server)
                    == [awaiting, " [.] fib(7)", " [!] No reply-to: nobody to answer", " [.] fib(8)", " [.] fib(9)"])
        }
    }

    @Test("An answer to another question is passed over")
    func foreignAnswer() async throws {
        try await onStage(.any) { stage in
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            let requests = try await channel.declareQueue("rpc_queue").consume(noAck: true)
            let client = try stage.start("rpc", "call", "12", "--timeout", "180")
            let request = try #require(try await requests.first { _ in true })
            let replyTo = try #require(request.properties.replyTo).text
            for (text, id) in [("wrong", "another"), ("wrong too", nil), ("144", request.properties.correlationID)] {
                try await channel.publish(
                    Message(text, properties: BasicProperties(correlationID: id)), routingKey: replyTo)
            }
            #expect(try await stage.finish(client).lines == [" [x] Requesting fib(12)", " [.] Got 144"])
            try await connection.close()
        }
    }
}
