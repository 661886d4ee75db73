import AMQPClient

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// Right and wrong programs for `workbook check`, each named by step, role and fault: `subject hello send misspelt`.
let words = Array(CommandLine.arguments.dropFirst())
guard words.count >= 3, let address = getenv("AMQP_URL") else {
    say("usage: AMQP_URL=... subject STEP ROLE FAULT [WORDS...]; expected.tsv has all of them")
    exit(64)
}
do {
    let connection = try await Connection.open(String(cString: address))
    let trial = Trial(
        connection: connection, channel: try await connection.openChannel(), fault: words[2],
        words: Array(words.dropFirst(3)), dot: .milliseconds(100), timeout: .seconds(1), print: say,
        breakOff: { exit(0) })
    try await play(words[0], words[1], trial)
} catch {
    say("\(error)")
    exit(1)
}
