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
        #expect(Drawing.text(alone) == "logs (fanout)\n  (nothing is bound: what comes is dropped)")
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

@Suite struct HintTests {
    @Test func eachHintIsOneLine() {
        let page = "# Hints\n\n## 1.1\n\n1. First\n   goes on.\n2. Second.\n\n## 1.2\n\n1. Other.\n"
        #expect(HintCommand.hints(for: "1.1", in: page) == ["First goes on.", "Second."])
        #expect(HintCommand.hints(for: "1.2", in: page) == ["Other."])
        #expect(HintCommand.hints(for: "1.3", in: page) == [])
    }

    @Test func everyExerciseHasThree() throws {
        for chapter in Chapter.all where Repository.exists(chapter.folder) {
            let page = try Repository.text("\(chapter.folder)/hints.md")
            for exercise in 1...3 {
                #expect(HintCommand.hints(for: "\(chapter.number).\(exercise)", in: page).count == 3)
            }
        }
    }
}

@Suite struct OverviewTests {
    @Test func whatComesNext() {
        #expect(Overview.lines(done: []).contains { $0.hasPrefix("Next: read Tutorials/01-hello/README.md") })
        let lines = Overview.lines(done: ["play 1", "check 2"])
        #expect(lines.contains { $0.hasPrefix(" [x] 1 hello") && $0.hasSuffix("(played)") })
        #expect(lines.contains { $0.hasPrefix("Next: read Tutorials/02-worker/README.md") })
        let all = Chapter.all.map { "play \($0.number)" }
        #expect(Overview.lines(done: all).contains { $0.contains("check 2") })
    }

    @Test func questionsAreThoseOfTheChapters() throws {
        for (chapter, page) in zip(Chapter.all, try Repository.chapters()) {
            #expect(page.path == "\(chapter.folder)/README.md")
            #expect(page.frontMatter["step"] == chapter.step)
            let prose = page.prose.map(\.text).joined(separator: " ")
            #expect(prose.contains(chapter.question), "\(page.path)")
        }
    }
}
