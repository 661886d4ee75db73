import AMQPClient
import TestSupport
import Testing

private let waitingForJobs = " [*] Waiting for jobs. To exit press CTRL+C"
private let waitingForDead = " [*] Waiting for dead jobs. To exit press CTRL+C"

@Suite("Step 9: retry", .watched)
struct RetryTests {
    @Test("A job that fails is tried three times and parked; the others are done meanwhile", arguments: Venue.all)
    func parked(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let worker = try await stage.startReady("retry", "work")
            let sent = try await stage.run("retry", "new-task", "Boom!").lines
            #expect(sent == [" [x] Sent 'Boom!'"])
            try await stage.run("retry", "new-task", "--count", "2", "Walk")
            _ = try await stage.lines(11, of: worker)
            let attempt = " [x] Received 'Boom!'"
            // How long the broker keeps a job is a second, and how long it takes to start a program nobody knows: so the others
            // come between any two attempts.
            let lines = try await stage.interrupt(worker)
            let walks = [" [x] Received '0 Walk'", " [x] Done", " [x] Received '1 Walk'", " [x] Done"]
            #expect(lines.filter(walks.contains) == walks)
            #expect(
                lines.filter { !walks.contains($0) } == [
                    waitingForJobs, attempt, " [!] Attempt 1 failed", attempt, " [!] Attempt 2 failed", attempt,
                    " [!] Attempt 3 failed: parked",
                ])
            let dead = try await stage.startReady("retry", "dead")
            _ = try await stage.lines(2, of: dead)
            #expect(
                try await stage.interrupt(dead) == [
                    waitingForDead, " [x] Dead after 3 attempts: 'Boom!' (there is a '!' in it)",
                ])
        }
    }

    @Test("What the broker has written into the header x-death", arguments: Venue.all)
    func deaths(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let worker = try await stage.startReady("retry", "work")
            try await stage.run("retry", "new-task", "Boom!")
            _ = try await stage.lines(7, of: worker)
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            let parked = try await channel.consume("jobs.dead")
            let job = try #require(try await parked.first { _ in true })
            #expect(job.text == "Boom!")
            #expect(job.properties.isPersistent)
            #expect(job.properties.expiration == nil)
            let headers = try #require(job.properties.headers)
            let deaths = try #require(headers["x-death"]?.array).compactMap(\.table)
            #expect(deaths.map { $0["queue"]?.text } == ["jobs.retry", "jobs"])
            #expect(deaths.map { $0["reason"]?.text } == ["expired", "rejected"])
            #expect(deaths.map { $0["count"]?.integer } == [2, 2])
            #expect(deaths.map { $0["exchange"]?.text } == ["", ""])
            #expect(deaths.map { $0["routing-keys"] } == [["jobs.retry"], ["jobs"]])
            #expect(headers["x-first-death-queue"]?.text == "jobs")
            #expect(headers["x-first-death-reason"]?.text == "rejected")
            try await job.ack()
            try await connection.close()
        }
    }

    @Test("A record of deaths that somebody made up is no more than a number", arguments: Venue.all)
    func forged(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let worker = try await stage.startReady("retry", "work")
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            for count in [Int64.max, 2] {
                let death: FieldValue = ["queue": "jobs", "reason": "rejected", "count": .int64(count)]
                let properties = BasicProperties(headers: ["x-death": [death]])
                try await channel.publish(Message("Forged!", properties: properties), routingKey: "jobs")
            }
            _ = try await stage.lines(5, of: worker)
            #expect(
                try await stage.interrupt(worker) == [
                    waitingForJobs, " [x] Received 'Forged!'", " [!] Attempt 1001 failed: parked",
                    " [x] Received 'Forged!'", " [!] Attempt 3 failed: parked",
                ])
            try await channel.publish(Message("No headers"), routingKey: "jobs.dead")
            let dead = try await stage.startReady("retry", "dead")
            let lines = try await stage.lines(4, of: dead)
            #expect(lines.last == " [x] Dead after 0 attempts: 'No headers' (nobody says why)")
            try await connection.close()
        }
    }
}
