import Dispatch
import Foundation
import TestSupport
import Testing

/// Every command on a page prints what the page says.
@Suite(.watched) struct TranscriptTests {
    @Test(arguments: try Repository.pages().map(\.path))
    func commandsPrintWhatThePageSays(path: String) async throws {
        expectNone(try await Transcripts.problems(of: Page(path: path)))
    }
}

/// What a page says of a changed program is what that prints. `Scripts/break-it` makes the change in a copy, builds it, and
/// runs this with the place of the change, `Tutorials/01-hello/README.md:238`, and the folder of the programs.
@Suite(.watched) struct ChangedTests {
    static let place = ProcessInfo.processInfo.environment["BREAK_IT"]?.split(separator: ":").map(String.init)

    @Test(.enabled(if: place != nil, "Scripts/break-it runs it"))
    func changedProgramsPrintWhatThePageSays() async throws {
        guard let place = Self.place, place.count == 2, let line = Int(place[1]) else { return }
        expectNone(try await Transcripts.problems(of: Page(path: place[0]), change: line))
    }

    @Test func theResultOfEachChangeIsShown() throws {
        for page in try Repository.pages() {
            expectNone(Transcripts.changesWithoutResult(of: page))
        }
        let page = Page(path: "page.md", text: "```diff\n-a\n```\n```console\n$ b\n```")
        #expect(Transcripts.changesWithoutResult(of: page).count == 1)
    }
}

/// Every picture on a page is what the workbook draws of the running programs.
@Suite(.watched) struct PictureTests {
    @Test(arguments: try Repository.pages().map(\.path))
    func picturesAreDrawn(path: String) async throws {
        for block in try Page(path: path).blocks where block.language == "mermaid" {
            #expect(try await Pictures.lines(block) == block.lines, "\(path):\(block.line)")
        }
    }
}

enum Pictures {
    static func lines(_ block: Page.Block) async throws -> [String] {
        let roles = block.directives["picture"] ?? ""
        return try await Transcripts.aside {
            let scene = try Scene(Page(path: "picture", text: ""))
            defer { scene.finish() }
            return try scene.picture(roles)
        }
    }
}

/// The player sees what is wrong.
@Suite(.watched) struct SceneTests {
    private func problems(_ text: String) async throws -> [String] {
        try await Transcripts.problems(of: Page(path: "page.md", text: text))
    }

    @Test func linesThatDiffer() async throws {
        let problems = try await problems("```console\n$ swift run hello send Hi\n [x] Sent 'Ho'\n```")
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains("    [x] Sent 'Hi'") == true)
    }

    @Test func linesThatAreMissingOrTooMany() async throws {
        #expect(try await problems("```console\n$ echo a; echo b\na\n```").count == 1)
        #expect(try await problems("```console\n$ echo a\na\nb\n```").count == 1)
        #expect(try await problems("<!-- begins -->\n```console\n$ echo a; echo b\na\n```") == [])
    }

    @Test func anotherOrder() async throws {
        #expect(try await problems("```console\n$ echo a; echo b\nb\na\n```").count == 1)
        #expect(try await problems("<!-- any order -->\n```console\n$ echo a; echo b\nb\na\n```") == [])
    }

    @Test func anotherStatus() async throws {
        #expect(try await problems("```console\n$ exit 1\n```").count == 1)
        #expect(try await problems("<!-- fails -->\n```console\n$ exit 1\n```") == [])
        #expect(try await problems("<!-- fails -->\n```console\n$ true\n```").count == 1)
    }

    @Test func whatIsNotShown() async throws {
        let page = """
            <!-- terminal: 2, stays -->
            ```console
            $ swift run hello receive
             [*] Waiting for messages. To exit press CTRL+C
            ```
            ```console
            $ swift run hello send
             [x] Sent 'Hello World!'
            ```
            <!-- terminal: 2 -->
            ```console
            ^C
            ```
            """
        // Whether the message arrived before Ctrl-C is a race; that it is shown as missing, if it did, is not.
        let problems = try await problems(page)
        #expect(problems.allSatisfy { $0.contains(" [x] Received 'Hello World!'") })
    }

    @Test func terminalsInWhichNothingRuns() async throws {
        #expect(try await problems("<!-- terminal: 2 -->\n```console\na\n```").count == 1)
    }

    @Test func madeUpNames() {
        let name = "amq.gen-JzTY20BRgKO-HjmUJj0wLg"
        #expect(Scene.withoutMadeUpNames(["a \(name)", name]) == ["a amq.gen-1", "amq.gen-1"])
        let times = ["0 2014-04-22 00:10:16 - a", "1 2014-04-22 00:10:16 - b", "2014-04-22 00:10:17"]
        #expect(Scene.withoutMadeUpNames(times) == ["0 time-1 - a", "1 time-1 - b", "time-2"])
    }

    @Test func terminalsWithTheNameOfAnother() async throws {
        func blocks(_ first: String, _ second: String) -> String {
            "<!-- terminal: 2 -->\n```console\n$ tty\n\(first)\n```\n"
                + "<!-- terminal: 3 -->\n```console\n$ tty\n\(second)\n```"
        }
        #expect(try await problems(blocks("/dev/pts/3", "/dev/pts/4")) == [])
        #expect(try await problems(blocks("/dev/pts/3", "/dev/pts/3")).count == 1)
        #expect(try await problems(blocks("/dev/pts/3", "not a tty")).count == 1)
    }
}

enum Transcripts {
    /// Plays all of a page's transcripts; a new broker at each heading of the second level.
    ///
    /// - Parameter change: plays only what is `changed` by the change in this line
    static func problems(of page: Page, change: Int? = nil) async throws -> [String] {
        try await aside { try play(page, change) }
    }

    /// One page after the other, each with a terminal or two: all at once would be a hundred processes.
    private static let queue = DispatchQueue(label: "Transcripts")

    /// On a thread of its own: waiting for other processes would take one from the pool that the tests share. A global
    /// queue would be no better, on Linux its threads are the pool's.
    static func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// A change that the reader is to make, and no transcript to compare with.
    static func changesWithoutResult(of page: Page) -> [String] {
        let blocks = page.blocks
        return blocks.indices.filter { blocks[$0].language == "diff" }.compactMap { index in
            let rest = blocks[(index + 1)...].prefix { $0.language != "diff" }
            return rest.contains { $0.directives["changed"] != nil }
                ? nil : "\(page.path):\(blocks[index].line): what the changed program prints is not shown"
        }
    }

    private static func play(_ page: Page, _ wanted: Int?) throws -> [String] {
        var problems: [String] = []
        var scene = try Scene(page)
        var change: Int?
        func begin() throws {
            scene.finish()
            problems += scene.problems
            scene = try Scene(page)
        }
        for part in page.parts {
            switch part {
            case .heading(level: 2, _, _):
                change = nil
                try begin()
            case .freshBroker: try begin()
            case .brokerKilled where change == wanted: try scene.killBroker()
            case .windowClosed(let terminal) where change == wanted: scene.closeWindow(of: terminal)
            case .block(let block) where block.language == "diff":
                change = block.line
                try begin()
            case .block(let block) where block.language == "console" && !block.lines.contains("$ swift test"):
                let isChanged = block.directives["changed"] != nil
                if isChanged ? wanted != nil && change == wanted : wanted == nil, isPossible(block, page) {
                    try scene.play(block)
                }
            default: break
            }
        }
        try begin()
        return problems
    }

    /// What needs more than Swift is left out, and says so.
    private static func isPossible(_ block: Page.Block, _ page: Page) -> Bool {
        guard block.directives["needs python"] != nil, ProcessInfo.processInfo.environment["WITH_PYTHON"] == nil else {
            return true
        }
        print("\(page.path):\(block.line): left out, as it needs Python; with WITH_PYTHON=1 it is run")
        return false
    }
}
