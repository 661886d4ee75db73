import Foundation
import TestSupport
import Testing

@testable import workbook

@Suite(.watched) struct ComparisonTests {
    private func receiver(_ lines: [String], _ words: [String] = ["receive"]) -> TerminalOutput {
        TerminalOutput(words: words, waits: true, lines: lines)
    }

    private func sender(_ lines: [String], status: Int32 = 0, errors: [String] = []) -> TerminalOutput {
        TerminalOutput(words: ["send"], waits: false, lines: lines, errors: errors, status: status)
    }

    private func compare(_ ours: [TerminalOutput], _ theirs: [TerminalOutput], anyQuotes: Bool = false) -> Comparison {
        Comparison(ours: ours, theirs: theirs, anyQuotes: anyQuotes)
    }

    @Test func theSame() {
        let outputs = [receiver(["a", "b"]), sender(["c"])]
        #expect(compare(outputs, outputs).isSame)
        #expect(compare(outputs, outputs).report.last == "No difference: 2 terminals, 3 lines.")
    }

    @Test func whoWaitsMayChangePlaces() {
        let ours = [receiver(["0", "2"]), receiver(["1", "3"])]
        #expect(compare(ours, ours.reversed()).isSame)
        // Both are given all: no turns.
        let unfair = compare(ours, [receiver(["0", "1", "2", "3"]), receiver([])])
        #expect(!unfair.isSame)
    }

    @Test func whoAskedForSomethingElseMayNot() {
        let ours = [receiver(["error"], ["receive", "error"]), receiver(["info"], ["receive", "info"])]
        let theirs = [receiver(["info"], ["receive", "error"]), receiver(["error"], ["receive", "info"])]
        #expect(compare(ours, theirs).terminals.map(\.isSame) == [false, false])
    }

    @Test func theOrderWithinATerminalCounts() {
        #expect(!compare([receiver(["a", "b"])], [receiver(["b", "a"])]).isSame)
    }

    @Test func differencesStandLineByLine() {
        let comparison = compare([receiver(["wait", "a", "b"])], [receiver(["wait", "b", "c"])])
        #expect(
            comparison.terminals[0].lines == [
                .init(side: .both, text: "wait"), .init(side: .ours, text: "a"), .init(side: .both, text: "b"),
                .init(side: .theirs, text: "c"),
            ])
        #expect(
            comparison.report == [
                " DIFF  receive", "         both   wait", "         ours   a", "         both   b",
                "         theirs c", "1 terminal of 1 differs.",
            ])
    }

    @Test func quotes() {
        let ours = [receiver([" [x] Received 'a b'"])]
        for line in [" [x] Received b'a b'", " [x] Received a b", " [x] Received \"a b\""] {
            let comparison = compare(ours, [receiver([line])])
            #expect(!comparison.isSame && comparison.differsInQuotesOnly, "\(line)")
            #expect(compare(ours, [receiver([line])], anyQuotes: true).isSame, "\(line)")
        }
        let other = compare(ours, [receiver([" [x] Received 'a c'"])], anyQuotes: true)
        #expect(!other.isSame && !other.differsInQuotesOnly)
    }

    @Test func anotherEnd() {
        let comparison = compare([sender(["a"])], [sender(["a"], status: 1, errors: ["Refused"])])
        #expect(
            comparison.terminals[0].remarks == [
                "ours ends with status 0, theirs ends with status 1", "theirs, on standard error: Refused",
            ])
        // Ctrl-C ends those who wait in a way of each language; but they must not end before it.
        var gone = receiver(["a"])
        gone.status = 1
        #expect(compare([receiver(["a"])], [gone]).terminals[0].remarks.count == 1)
        #expect(compare([sender(["a"])], [sender(["a"], errors: ["Warning"])]).isSame)
    }
}

@Suite(.watched) struct CastingTests {
    private let roles = ["receive", "send"]

    @Test func oneProgramForAllRoles() throws {
        let casting = try Casting(named: [], command: ["python", "hello.py"], roles: roles)
        #expect(casting.commands["send"] == ["python", "hello.py", "send"])
        #expect(casting.commands["receive"] == ["python", "hello.py", "receive"])
    }

    @Test func aProgramForOneRole() throws {
        let casting = try Casting(named: ["send"], command: ["python", "send.py"], roles: roles)
        #expect(casting.commands == ["send": ["python", "send.py"]])
        let own = Casting(program: "hello", roles: roles)
        #expect(casting.filled(by: own).commands["receive"] == ["hello", "receive"])
        #expect(casting.filled(by: own).commands["send"] == ["python", "send.py"])
    }

    @Test func aProgramForEachRole() throws {
        let casting = try Casting(named: ["send=python 'my send.py'", "receive=r"], command: [], roles: roles)
        #expect(casting.commands["send"] == ["/bin/sh", "-c", "exec python 'my send.py' \"$@\"", "sh"])
        let mixed = try Casting(named: ["send=s", "receive"], command: ["r"], roles: roles)
        #expect(mixed.commands["receive"] == ["r"])
    }

    @Test(arguments: [([], []), (["sned"], ["a"]), (["send"], []), (["send="], [])] as [([String], [String])])
    func mistakes(named: [String], command: [String]) {
        #expect(throws: Casting.Mistake.self) { try Casting(named: named, command: command, roles: roles) }
    }
}

/// The command itself, with the built programs.
@Suite(.watched) struct CompareCommandTests {
    private func compare(_ words: String..., status: Int) async throws -> Program.Output {
        let stage = Stage(uri: "")
        // The worker that has the long task must be at it until the others are done: two programs have to start meanwhile,
        // for which three of its dots are left.
        let dot = words.first == "worker" ? "4" : "0.02"
        let environment = ["WORKBOOK_NO_BUILD": "1", "SECONDS_PER_DOT": dot]
        let output = try await stage.run(
            "workbook", words: ["compare", "--patience", "240"] + words, environment: environment, status: status)
        let kept = (try? String(contentsOfFile: stage.progress, encoding: .utf8)) ?? ""
        #expect(kept.hasPrefix("compare ") == (status == 0))
        return output
    }

    @Test(arguments: Chapter.all.map(\.step))
    func ourOwnDoNotDifferFromThemselves(step: String) async throws {
        let output = try await compare(step, "--", Executables.path(step), status: 0)
        #expect(output.lines.last?.hasPrefix("No difference: ") == true)
        #expect(output.lines.allSatisfy { $0.count <= 80 })
    }

    @Test func aDifferenceIsShown() async throws {
        let other = "\(Executables.path("hello")) send --count 1"
        let output = try await compare("1", "--role", "send=\(other)", status: 1)
        #expect(output.lines.contains("         ours    [x] Sent 'Hello World!'"))
        #expect(output.lines.contains("         theirs  [x] Sent '0 Hello World!'"))
        #expect(output.lines.contains("         theirs  [x] Received '0 Hello World!'"))
        #expect(output.lines.last == "6 terminals of 6 differ.")
    }

    @Test func aProgramThatIsNone() async throws {
        let output = try await compare("hello", "--patience", "0.5", "--role", "receive", "--", "no-such", status: 1)
        #expect(output.lines.contains { $0.contains("no-such") })
    }

    @Test(
        arguments: [
            "", "hello", "nothing -- a", "1 --role sned -- a", "1 --port x -- a", "1 --broker", "1 --patience 0 -- a",
            "1 a -- b", "1 --role",
        ])
    func wordsThatMakeNoSense(words: String) async throws {
        let output = try await Stage(uri: "").run(
            "workbook", words: ["compare"] + words.split(separator: " ").map(String.init), status: 64)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.hasPrefix("workbook compare: ") == true)
        #expect(output.errors.first?.hasSuffix("; see workbook compare --help") == true)
        #expect(output.lines.isEmpty)
    }
}
