import AMQPClient
import Commands
import Platform

// Right and wrong programs for `workbook check`, each named by step, role and fault: `subject hello send misspelt`.
let program = Program(
    "subject",
    itself: Command(
        "subject", takes: "STEP ROLE FAULT [WORD]...",
        does: "a right or wrong program of a step, on the broker at AMQP_URL",
        notes: "expected.tsv has all of them.", count: 3...Int.max))
let words = program.request(failure: 64).arguments.words
guard let address = environmentValue("AMQP_URL") else { program.fail(UsageError("AMQP_URL is not set"), status: 64) }
do {
    // It is the check that says when there was time enough, not the subject.
    var configuration = try ConnectionConfiguration(uri: address)
    (configuration.connectionTimeout, configuration.rpcTimeout) = (.seconds(900), .seconds(900))
    let unhurried = configuration
    let connection = try await Connection.open(unhurried)
    let trial = Trial(
        connection: connection, connectAgain: { try await Connection.open(unhurried) },
        channel: try await connection.openChannel(), fault: words[2],
        words: Array(words.dropFirst(3)), dot: .milliseconds(100), timeout: .seconds(1), print: say, notes: Notes(),
        breakOff: { exit(0) })
    try await play(words[0], words[1], trial)
} catch {
    say("\(error)")
    exit(1)
}
