import AMQPClient
import Commands
import Foundation
import Platform

// Right and wrong programs for `workbook check`, each named by step, role and mistake: `subject hello send misspelt`.
let program = Program(
    "subject",
    itself: Command(
        "subject", takes: "STEP ROLE MISTAKE [WORD]...",
        does: "a right or wrong program of a step, on the broker at AMQP_URL",
        notes: "expected.tsv has all of them.", count: 3...Int.max))
let words = program.request(failure: 64).arguments.words
guard let address = environmentValue("AMQP_URL") else { program.fail(UsageError("AMQP_URL is not set"), status: 64) }
// What it does when something goes wrong stands behind a slash, for `workbook gauntlet`: `worker work right/hangs`.
let names = words[2].split(separator: "/").map(String.init)
let ending = names.count > 1 ? names[1] : "tells"
var mistake = names[0]
/// Opens a connection. It is the check that says when there was time enough, not the subject.
@Sendable func connect() async throws -> Connection {
    var configuration = try ConnectionConfiguration(uri: address)
    (configuration.connectionTimeout, configuration.rpcTimeout) = (.seconds(900), .seconds(900))
    return try await Connection.open(configuration)
}
let folder = environmentValue("ORDERS_FOLDER").map { URL(filePath: $0).appending(path: "subject.\(words[1])") }
let notes = Notes(folder)
while true {
    do {
        let connection = try await connect()
        let trial = Trial(
            connection: connection, connectAgain: connect, channel: try await connection.openChannel(),
            mistake: mistake,
            words: Array(words.dropFirst(3)), dot: .milliseconds(100), timeout: .seconds(1), print: say,
            notes: notes, breakOff: { exit(0) }, fail: { exit(1) })
        try await play(words[0], words[1], trial)
        break
    } catch {
        switch ending {
        case "hangs": try await Task.sleep(for: .seconds(3600))
        case "quiet": exit(1)
        case "zero": exit(0)
        case "again": try await Task.sleep(for: .milliseconds(50))
        case "half":
            // The connection is there again, and that is all.
            let connection = try await connect()
            try await Task.sleep(for: .seconds(3600))
            try await connection.close()
        case "unbound": (mistake, _) = ("unbound", try await Task.sleep(for: .milliseconds(50)))
        default:
            say("\(error)")
            exit(1)
        }
    }
}
