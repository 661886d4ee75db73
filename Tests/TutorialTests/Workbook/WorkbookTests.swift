import AMQPClient
import BrokerServer
import Testing

@testable import workbook

@Suite struct ColumnsTests {
    @Test func linesAreLabelledWhereThereIsNoScreen() {
        let columns = Columns(titles: ["receive", "send"], width: nil)
        #expect(columns.head == [])
        #expect(columns.rows(" [x] Sent", in: 1) == ["send    | [x] Sent"])
    }

    @Test func linesStandInTheirColumns() {
        let columns = Columns(titles: ["a", "b"], width: 23)
        #expect(columns.head == ["a          │ b", "────────── │ ──────────"])
        #expect(columns.rows("left", in: 0) == ["left       │"])
        #expect(columns.rows("right", in: 1) == ["           │ right"])
    }

    @Test func longLinesGoOnInTheNextRow() {
        let columns = Columns(titles: ["a", "b"], width: 23)
        #expect(columns.rows("0123456789ABCDEF", in: 0) == ["0123456789 │", "    ABCDEF │"])
    }

    @Test func equalNamesAreNumbered() {
        #expect(Columns.titles(["work", "work", "new-task"]) == ["work 1", "work 2", "new-task"])
    }
}

@Suite struct DrawingTests {
    private func picture() -> Picture {
        let (first, second) = ("amq.gen-zzzzzzzzzzzzzzzzzzzzzz", "amq.gen-aaaaaaaaaaaaaaaaaaaaaa")
        return Picture(
            exchanges: [
                .init(name: "", type: "direct"), .init(name: "amq.topic", type: "topic"),
                .init(name: "logs", type: "direct"),
            ],
            bindings: [
                .init(source: "", destination: first, isToQueue: true, key: first),
                .init(source: "", destination: second, isToQueue: true, key: second),
                .init(source: "", destination: "tasks", isToQueue: true, key: "tasks"),
                .init(source: "logs", destination: second, isToQueue: true, key: "info"),
                .init(source: "logs", destination: first, isToQueue: true, key: "error"),
            ],
            queues: [
                .init(name: first, ready: 0, unacknowledged: 0), .init(name: second, ready: 0, unacknowledged: 0),
                .init(name: "tasks", ready: 2, unacknowledged: 1),
            ],
            consumers: [.init(queue: "tasks", prefetch: 1, tag: "t")]
        ).tidied()
    }

    @Test func whatNobodyAskedAboutIsLeftOut() {
        #expect(picture().exchanges.map(\.name) == ["", "logs"])
        #expect(picture().bindings.map(\.source) == ["", "logs", "logs"])
    }

    @Test func theOrderDoesNotHangOnMadeUpNames() {
        #expect(picture().queues.map(\.name) == ["tasks", "amq.gen-1", "amq.gen-2"])
        #expect(picture().bindings.map(\.key) == ["tasks", "error", "info"])
    }

    @Test func inLetters() {
        #expect(
            Drawing.text(picture()) == """
                default exchange
                  -- tasks --> [tasks], 2 ready, 1 unacknowledged
                        --> consumer 1, prefetch 1
                logs (direct)
                  -- error --> [amq.gen-1]
                  -- info --> [amq.gen-2]
                """)
        #expect(Drawing.text(Picture()) == "Nothing has been declared yet.")
        let alone = Picture(exchanges: [.init(name: "logs", type: "fanout")])
        #expect(Drawing.text(alone) == "logs (fanout)\n  (nothing is bound: messages are dropped)")
    }

    @Test func theWayOfTheDead() {
        let picture = Picture(
            exchanges: [.init(name: "", type: "direct")],
            bindings: [.init(source: "", destination: "jobs", isToQueue: true, key: "jobs")],
            queues: [
                .init(name: "jobs", ready: 0, unacknowledged: 0, deadLetterExchange: "", deadLetterKey: "jobs.retry")
            ]
        ).tidied()
        #expect(Drawing.mermaid(picture).hasSuffix("    q0 -. \"dead: jobs.retry\" .-> x0"))
        #expect(Drawing.text(picture).hasSuffix("        .. jobs.retry ..> default exchange, when dead"))
    }

    @Test func everyRoleOfAChapterIsInItsPicture() {
        for chapter in Chapter.all {
            let roles = chapter.roles.map { $0.split(separator: " ").first.map(String.init) ?? "" }
            #expect(Set(roles) == Set(chapter.parties.map(\.role)), "\(chapter.step)")
        }
    }

    private func asking(_ parties: [Party]) -> Picture {
        let own = "amq.gen-zzzzzzzzzzzzzzzzzzzzzz"
        return Picture(
            exchanges: [.init(name: "", type: "direct")],
            bindings: [
                .init(source: "", destination: "rpc_queue", isToQueue: true, key: "rpc_queue"),
                .init(source: "", destination: own, isToQueue: true, key: own),
            ],
            queues: [
                .init(name: "rpc_queue", ready: 0, unacknowledged: 0), .init(name: own, ready: 0, unacknowledged: 0),
            ],
            consumers: [
                .init(queue: "rpc_queue", prefetch: 1, tag: "s"), .init(queue: "rpc_queue", prefetch: 1, tag: "t"),
                .init(queue: own, prefetch: 0, tag: "u"),
            ], parties: parties
        ).tidied()
    }

    @Test func theRolesOfAStep() {
        #expect(
            Drawing.mermaid(asking(Chapter.rpc.parties)) == """
                flowchart LR
                    p0["call"]
                    x0{{"default exchange"}}
                    q0[("rpc_queue")]
                    q1[("amq.gen-1")]
                    p0 --> x0
                    x0 -- "rpc_queue" --> q0
                    x0 -- "amq.gen-1" --> q1
                    q0 --> c0(["serve 1, prefetch 1"])
                    c0 -. "reply" .-> x0
                    q0 --> c1(["serve 2, prefetch 1"])
                    c1 -. "reply" .-> x0
                    q1 -. "reply" .-> p0
                """)
        #expect(
            Drawing.text(asking(Chapter.rpc.parties)) == """
                default exchange
                  <-- call
                  -- rpc_queue --> [rpc_queue]
                        --> serve 1, prefetch 1
                            .. reply ..> default exchange
                        --> serve 2, prefetch 1
                            .. reply ..> default exchange
                  -- amq.gen-1 --> [amq.gen-1]
                        --> call
                """)
        #expect(Drawing.text(asking([])).contains("--> consumer 3"))
    }

    @Test func whatComesBackToAProducer() {
        var picture = asking([])
        picture.parties = [.sender("publish", to: "", hears: ["confirm"]), .sender("emit", to: "nowhere")]
        #expect(Drawing.mermaid(picture).contains("    p0 --> x0\n    x0 -. \"confirm\" .-> p0\n"))
        #expect(!Drawing.mermaid(picture).contains("emit"), "its exchange has not been declared yet")
        #expect(Drawing.text(picture).contains("  <-- publish\n  .. confirm ..> publish\n"))
    }

    @Test func inMermaid() {
        #expect(
            Drawing.mermaid(picture()) == """
                flowchart LR
                    x0{{"default exchange"}}
                    x1{{"logs (direct)"}}
                    q0[("tasks, 2 ready, 1 unacknowledged")]
                    q1[("amq.gen-1")]
                    q2[("amq.gen-2")]
                    x0 -- "tasks" --> q0
                    x1 -- "error" --> q1
                    x1 -- "info" --> q2
                    q0 --> c0(["consumer 1, prefetch 1"])
                """)
    }
}

@Suite struct ListingsTests {
    @Test func theListingIsWhereTheBrokerIs() throws {
        for (broker, listing, virtualHost) in [
            ("amqp://guest:guest@localhost:5672", "http://guest:guest@localhost:15672", "/"),
            ("amqp://rabbit/%2f", "http://guest:guest@rabbit:15672", "/"),
            ("amqp:///", "http://guest:guest@localhost:15672", "/"),
            ("amqp://a@[::1]/v%2fw", "http://a:guest@[::1]:15672", "v/w"),
            ("amqp://a:p%40ss@one:5672 amqp://two", "http://a:p%40ss@one:15672", "/"),
            // Encrypted, and on this machine.
            ("amqps://a:b@[::1]:5671/v", "http://a:b@[::1]:15672", "v"),
            ("amqps://a:b@127.0.0.1", "http://a:b@127.0.0.1:15672", "/"),
            ("amqps://a:b@localhost?verify=verify_none", "http://a:b@localhost:15672", "/"),
        ] {
            let found = try #require(try Listings.address(besides: broker))
            #expect((found.url, found.virtualHost) == (listing, virtualHost))
        }
        #expect(try Listings.address(besides: " ") == nil)
        // Not that of another broker, which would be drawn instead.
        #expect(throws: AMQPError.self) { try Listings.address(besides: "localhost") }
    }

    /// A password that TLS was to hide is not sent over HTTP, unless somebody says so.
    @Test(arguments: ["rabbit", "127.0.0.1.example", "[2001:db8::1]", "10.0.0.1"])
    func noPasswordInClear(host: String) throws {
        let error = try #require(throws: ManagementClient.Failure.self) {
            try Listings.address(besides: "amqps://me:secret@\(host)/v")
        }
        #expect(error.reason.contains("--url"))
        #expect(error.reason.contains("http://\(host):15672"))
        #expect(!error.reason.contains("secret"))
    }
}

@Suite struct HintTests {
    private let hints =
        "# Hints\n\n## 1.1\n\n1. First\n   goes on.\n2. Second.\n\n## 1.2\n\n1. Other.\n\nAnswer: It\nis so.\n"
    private let page = "1. **1.1** Make *it*\n   work.\n2. **1.2** Think.\n\n[Hints](hints.md)\n"

    @Test func eachHintIsOneLine() {
        #expect(ExercisePage("1.1", page: page, hints: hints).hints == ["First goes on.", "Second."])
        #expect(ExercisePage("1.2", page: page, hints: hints).hints == ["Other."])
        #expect(ExercisePage("1.3", page: page, hints: hints).hints == [])
    }

    @Test func theTaskAndTheAnswer() {
        let first = ExercisePage("1.1", page: page, hints: hints)
        #expect(first.task == "Make it work." && first.answer == nil)
        let second = ExercisePage("1.2", page: page, hints: hints)
        #expect(second.task == "Think." && second.answer == "It is so.")
        #expect(ExercisePage("1.3", page: page, hints: hints).task == "")
    }
}

@Suite struct OverviewTests {
    @Test func whatComesNext() {
        func next(_ done: [String]) -> String? { Overview.lines(done: done).first { $0.hasPrefix("Next: ") } }
        #expect(next([])?.hasPrefix("Next: read Tutorials/01-hello/README.md") == true)
        #expect(next(["play 1"]) == "Next: swift run workbook predict hello")
        #expect(next(["play 1", "predict 1", "check 2"])?.contains("exercise 1.1") == true)
        let first = ["play 1", "predict 1", "check 1.1", "check 1.2", "check 1.3"]
        #expect(next(first)?.contains("02-worker") == true)
        #expect(next(first.dropLast() + ["play 2"])?.contains("exercise 1.3") == true)
        let all = Chapter.all.flatMap { chapter in
            ["play \(chapter.number)", "predict \(chapter.number)"] + chapter.exercises.map { "check \($0.id)" }
        }
        #expect(NextDeed(all) == .nothing && next(all) == nil)
    }

    @Test func whatIsDone() {
        let lines = Overview.lines(done: ["play 1", "check 2", "check 2.1", "guess two-consumers 1 wrong"])
        #expect(lines[0] == "Messaging Patterns in Swift: the workbook play predict check compare trace ex.")
        #expect(lines[1] == " 1 hello     one queue                     x      .      .      .      .   0/3")
        #expect(lines[2] == " 2 worker    a queue of tasks              .      .      x      .      .   1/3")
        #expect(lines.contains("Missed so far: two-consumers. Once more: swift run workbook predict"))
    }

    @Test func itFitsOnAScreen() {
        let all = Chapter.all.flatMap { chapter in Overview.deeds.map { "\($0) \(chapter.number)" } }
        let missed = Question.all.map { "guess \($0.kind) 1 wrong" }
        for done in [[], all, all + missed] {
            let lines = Overview.lines(done: done)
            // Sixteen chapters are to have room.
            #expect(lines.count + 16 - Chapter.all.count <= 24 && lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        }
    }

    @Test func everyCommandIsThere() {
        let shown = Set(Overview.commands.map { $0.split(separator: " ")[0] })
        let all = Set(WorkbookProgram.program.help.matches(of: /workbook ([a-z]+)/).map(\.1))
        #expect(
            all.subtracting(shown) == ["chapters", "report", "baseline"],
            "these are for scripts and the suite's authors")
        #expect(shown.subtracting(all) == [])
    }
}
