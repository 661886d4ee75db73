import TestSupport
import Testing

@Suite("Without a role, a step plays in one terminal", .watched)
struct PlayTests {
    static let plays: [(step: String, lines: [String])] = [
        ("hello", [" [x] Sent 'Hello World!'", " [x] Received 'Hello World!'"]),
        (
            "worker",
            [
                "new-task | [x] Sent 'A long task....'",
                "new-task | [x] Sent 'Short task 1.'",
                "new-task | [x] Sent 'Short task 2.'",
                "new-task | [x] Sent 'Short task 3.'",
                "worker 1 | [x] Received 'A long task....'",
                "worker 2 | [x] Received 'Short task 1.'",
                "worker 2 | [x] Done",
                "worker 2 | [x] Received 'Short task 2.'",
                "worker 2 | [x] Done",
                "worker 2 | [x] Received 'Short task 3.'",
                "worker 2 | [x] Done",
                "worker 1 | [x] Done",
            ]
        ),
        (
            "pubsub",
            [
                "emitter    | [x] Sent 'info: Hello World!'",
                "receiver 1 | [x] 'info: Hello World!'",
                "receiver 2 | [x] 'info: Hello World!'",
                "emitter    | [x] Sent 'warning: The disk is almost full'",
                "receiver 1 | [x] 'warning: The disk is almost full'",
                "receiver 2 | [x] 'warning: The disk is almost full'",
            ]
        ),
        (
            "routing",
            [
                "emit               | [x] Sent 'info':'Hello World!'",
                "receive info error | [x] 'info':'Hello World!'",
                "emit               | [x] Sent 'debug':'Nobody asked'",
                "emit               | [x] Sent 'error':'The disk is full'",
                "receive error      | [x] 'error':'The disk is full'",
                "receive info error | [x] 'error':'The disk is full'",
            ]
        ),
        (
            "topic",
            [
                "emit                 | [x] Sent 'kern.info':'A new mouse'",
                "receive 'kern.*'     | [x] 'kern.info':'A new mouse'",
                "emit                 | [x] Sent 'kern.critical':'A kernel error'",
                "receive 'kern.*'     | [x] 'kern.critical':'A kernel error'",
                "receive '#.critical' | [x] 'kern.critical':'A kernel error'",
                "emit                 | [x] Sent 'auth.ssh.critical':'Wrong key'",
                "receive '#.critical' | [x] 'auth.ssh.critical':'Wrong key'",
                "emit                 | [x] Sent 'anonymous.info':'Hello World!'",
            ]
        ),
        (
            "rpc",
            [
                "client | [x] Requesting fib(30)", "server | [.] fib(30)", "client | [.] Got 832040",
                "client | [x] Requesting fib(92)", "server | [.] fib(92)", "client | [.] Got 7540113804746346429",
            ]
        ),
        (
            "confirms",
            [
                "publisher | [x] Sent 'Too early'",
                "publisher | [!] Returned 'Too early'",
                "publisher | [x] Sent 'A chair'",
                "publisher | [x] Sent 'A table'",
                "publisher | [x] Sent 'A lamp'",
                "publisher | [x] Confirmed 'A chair'",
                "publisher | [x] Confirmed 'A table'",
                "publisher | [x] Confirmed 'A lamp'",
                "receiver  | [x] Received 'A chair'",
                "receiver  | [x] Received 'A table'",
                "receiver  | [x] Received 'A lamp'",
            ]
        ),
        (
            "headers",
            [
                "emit         | [x] Sent 'format=pdf, type=report':'Both'",
                "all of these | [x] 'format=pdf, type=report':'Both'",
                "any of these | [x] 'format=pdf, type=report':'Both'",
                "emit         | [x] Sent 'format=pdf, type=log':'One of two'",
                "any of these | [x] 'format=pdf, type=log':'One of two'",
                "emit         | [x] Sent 'format=zip':'Neither'",
            ]
        ),
        (
            "retry",
            [
                "new-task | [x] Sent 'Mend the fence'",
                "worker   | [x] Received 'Mend the fence'",
                "worker   | [x] Done",
                "new-task | [x] Sent 'Defuse the bomb!'",
                "worker   | [x] Received 'Defuse the bomb!'",
                "worker   | [!] Attempt 1 failed",
                "worker   | [x] Received 'Defuse the bomb!'",
                "worker   | [!] Attempt 2 failed",
                "worker   | [x] Received 'Defuse the bomb!'",
                "worker   | [!] Attempt 3 failed: parked",
                "dead     | [x] Dead after 3 attempts: 'Defuse the bomb!' (there is a '!' in it)",
            ]
        ),
        (
            "quorum",
            [
                "new-task | [x] Confirmed 'Pay the rent'",
                "worker   | [x] Received 'Pay the rent'",
                "worker   | [x] Paid",
                "new-task | [x] Confirmed 'Pay the bonus!'",
                "worker   | [x] Received 'Pay the bonus!'",
                "worker   | [!] Crashed",
                "worker   | [*] Waiting for payments. To exit press CTRL+C",
                "worker   | [x] Received 'Pay the bonus!' (failures: 1)",
                "worker   | [!] Crashed",
                "worker   | [*] Waiting for payments. To exit press CTRL+C",
                "worker   | [x] Received 'Pay the bonus!' (failures: 2)",
                "worker   | [!] Crashed",
                "worker   | [*] Waiting for payments. To exit press CTRL+C",
                "dead     | [x] Dead: 'Pay the bonus!' (delivery_limit)",
            ]
        ),
        (
            "stream",
            [
                "publish | [x] Confirmed 'Kick-off'",
                "publish | [x] Confirmed 'One nil'",
                "early   | [x] 0: 'Kick-off'",
                "early   | [x] 1: 'One nil'",
                "late    | [x] 0: 'Kick-off'",
                "late    | [x] 1: 'One nil'",
                "publish | [x] Confirmed 'Full time'",
                "early   | [x] 2: 'Full time'",
                "late    | [x] 2: 'Full time'",
            ]
        ),
        (
            "order",
            [
                "emit      | [x] Sent 'bob':'deposit 50'",
                "worker 2  | [x] Received 'bob':'deposit 50'",
                "worker 2  | [x] Done",
                "emit      | [x] Sent 'ann':'deposit 10'",
                "emit      | [x] Sent 'ann':'deposit 20'",
                "emit      | [x] Sent 'ann':'pay 30'",
                "worker 1  | [x] Received 'ann':'deposit 10'",
                "worker 1  | [x] Done",
                "worker 1  | [x] Received 'ann':'deposit 20'",
                "worker 1  | [!] Left before it was done",
                "standby 1 | [x] Received again 'ann':'deposit 20'",
                "standby 1 | [x] Done",
                "standby 1 | [x] Received 'ann':'pay 30'",
                "standby 1 | [x] Done",
            ]
        ),
        (
            "inbox",
            [
                "order | [x] Committed 'A chair'",
                "order | [x] Confirmed 'A chair'",
                "ship  | [x] Received 'A chair'",
                "ship  | [x] Shipped",
                "ship  | [x] Acknowledged",
                "order | [x] Committed 'A table'",
                "order | [x] Confirmed 'A table'",
                "order | [!] Crashed",
                "ship  | [x] Received 'A table'",
                "ship  | [x] Shipped",
                "ship  | [x] Acknowledged",
                "order | [x] Committed 'A lamp'",
                "order | [x] Confirmed 'A table'",
                "order | [x] Confirmed 'A lamp'",
                "ship  | [x] Received 'A table'",
                "ship  | [!] Shipped before",
                "ship  | [x] Acknowledged",
                "ship  | [x] Received 'A lamp'",
                "ship  | [x] Shipped",
                "ship  | [x] Acknowledged",
            ]
        ),
    ]

    /// With nothing else running: the address is one that nobody can be at.
    @Test("The same lines each time, with no broker anywhere", arguments: plays)
    func play(_ step: String, _ lines: [String]) async throws {
        let stage = Stage(uri: "amqp://localhost:1/")
        // Enough for a busy machine to keep the order of ends that are a dot apart.
        let output = try await stage.run(step, environment: ["SECONDS_PER_DOT": "1.5"])
        #expect(output.lines == lines)
        #expect(output.errors.isEmpty)
        await stage.end()
    }
}
