import AMQPClient
import TestSupport
import Testing

@Suite("Step 2: worker", .watched)
struct WorkerTests {
    @Test("Three workers without a limit take fifteen tasks in turn", arguments: Venue.all)
    func roundRobin(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            var workers: [Program] = []
            for _ in 0..<3 { workers.append(try await stage.startReady("worker", "work", "--prefetch", "0")) }
            let sent = try await stage.run("worker", "new-task", "--count", "15").lines
            #expect(sent == (0..<15).map { " [x] Sent '\($0) Hello World!'" })
            for (first, worker) in workers.enumerated() {
                _ = try await stage.lines(11, of: worker)
                let tasks = stride(from: first, to: 15, by: 3).map { " [x] Received '\($0) Hello World!'" }
                #expect(
                    try await stage.interrupt(worker) == [waitingForMessages] + tasks.flatMap { [$0, " [x] Done"] })
            }
        }
    }

    @Test("With a prefetch of 1 a busy worker gets no further task", arguments: Venue.all)
    func fairDispatch(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            // So much slower that it is at its first task until the end of the test.
            let slow = try await stage.startReady("worker", "work", environment: ["SECONDS_PER_DOT": "100"])
            try await stage.run("worker", "new-task", "A", "long", "task....................")
            _ = try await stage.lines(2, of: slow)
            let quick = try await stage.startReady("worker", "work")
            try await stage.run("worker", "new-task", "Task.", "--count", "5")
            _ = try await stage.lines(11, of: quick)
            let tasks = (0..<5).flatMap { [" [x] Received '\($0) Task.'", " [x] Done"] }
            #expect(try await stage.interrupt(quick) == [waitingForMessages] + tasks)
            #expect(
                try await stage.interrupt(slow)
                    == [waitingForMessages, " [x] Received 'A long task....................'"])
        }
    }

    @Test("A killed worker's task comes to another, marked as redelivered", arguments: Venue.all)
    func killedWorker(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let victim = try await stage.startReady("worker", "work", environment: ["SECONDS_PER_DOT": "100"])
            try await stage.run("worker", "new-task", "Unlucky.........")
            #expect(try await stage.lines(2, of: victim).last == " [x] Received 'Unlucky.........'")
            let survivor = try await stage.startReady("worker", "work", environment: ["SECONDS_PER_DOT": "100"])
            victim.signal(9)
            try await stage.finish(victim, status: 256 + 9)
            #expect(try await stage.lines(2, of: survivor).last == " [x] Received 'Unlucky.........'")

            // A worker does not print the mark, so the test takes the third turn itself.
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            let tasks = try await channel.declareQueue("task_queue", durable: true).consume()
            survivor.signal(9)
            let task = try await tasks.first { _ in true }
            #expect(task?.text == "Unlucky.........")
            #expect(task?.redelivered == true)
            #expect(task?.properties.isPersistent == true)
            try await task?.ack()
            try await connection.close()
        }
    }

    @Test("Ctrl-C in the middle of a task gives it back", arguments: Venue.all)
    func interruptedWorker(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let first = try await stage.startReady("worker", "work", environment: ["SECONDS_PER_DOT": "100"])
            try await stage.run("worker", "new-task", "Half.done.")
            _ = try await stage.lines(2, of: first)
            #expect(try await stage.interrupt(first) == [waitingForMessages, " [x] Received 'Half.done.'"])
            let second = try await stage.startReady("worker", "work")
            _ = try await stage.lines(3, of: second)
            #expect(
                try await stage.interrupt(second)
                    == [waitingForMessages, " [x] Received 'Half.done.'", " [x] Done"])
        }
    }
}
