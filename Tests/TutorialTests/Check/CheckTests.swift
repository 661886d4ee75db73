import AMQPClient
import AMQPTransport
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import subject
@testable import workbook

/// A program of Tests/Subjects, and what `workbook check` must find wrong with it, or, behind a question mark, must not have seen: a line of expected.tsv. The programs
/// in Python under Scripts/subjects have the same names, and `Scripts/check-clients python` reads the same file.
struct ExpectedFindings: Sendable, CustomTestStringConvertible {
    let chapter: Chapter
    let role: String
    let mistake: String
    let words: [String]
    let titles: Set<String>

    var testDescription: String { "\(chapter.step) \(role) \(mistake)" }

    static func all() throws -> [ExpectedFindings] {
        try Repository.text("Tests/Subjects/expected.tsv").split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 5, "\(line)")
            return ExpectedFindings(
                chapter: try #require(Chapter.find(fields[0])), role: fields[1], mistake: fields[2],
                words: fields[3].split(separator: " ").map(String.init),
                titles: Set(fields[4].components(separatedBy: "; ").filter { !$0.isEmpty }))
        }
    }

    /// Waiting is long for what always comes, beside a thousand other tests, and short for what must not come.
    var pace: Pace {
        var pace = Pace(begin: .patience, whole: .patience, answer: .patience, moment: .milliseconds(50))
        (pace.longestDot, pace.shortestDot) = (.seconds(10), 80)
        (pace.givesUp, pace.endless, pace.hopeless) = (.patience, .patience, .patience)
        (pace.hold, pace.shortestRest) = (pace.moment, 20)
        switch mistake {
        case "never-acks": (pace.longestDot, pace.answer) = (.milliseconds(100), .milliseconds(500))
        // The broker closes the channel, always.
        case "acks-twice" where chapter.number == 1, "both-acks": pace.moment = .patience
        // However late, it closes before the confirms come.
        case "closes-later", "no-wait": (pace.moment, pace.hold) = (.seconds(10), .patience)
        // The ack or the bind comes, a moment later.
        case "late", "right-acks", "right-greets", "shared-queue", "crashes", "fails": pace.moment = .seconds(10)
        case "keeps": pace.answer = .milliseconds(500)
        // Of its own accord it acknowledges none of the first messages.
        case "right-batch": pace.answer = .seconds(2)
        // What is waited for never comes.
        case "automatic", "no-correlation": (pace.longestDot, pace.answer) = (.seconds(1), .seconds(10))
        // An ack that comes at once, also when that is late.
        case "acks-first": pace.shortestDot = 20_000
        // However long it takes, it has not slept.
        case "at-once", "parks": pace.shortestSleep = 3_600_000
        case "patient": pace.givesUp = .milliseconds(300)
        default: break
        }
        return pace
    }
}

@Suite struct CheckTests {
    @Test(.watched, arguments: try ExpectedFindings.all()) func programsAreFoundOut(expected: ExpectedFindings)
        async throws
    {
        let findings = try await Check.findings(expected.chapter, Self.subject(expected), expected.pace)
        let wrong = findings.filter(\.isWrong).map(\.title)
        let unseen = findings.filter { $0.verdict == .notSeen }.map { "? \($0.title)" }
        #expect(Set(wrong + unseen) == expected.titles, "\(findings)")
        #expect(findings.count >= 2 && Set(findings.map(\.title)).count == findings.count, "\(findings)")
        for finding in findings {
            #expect(finding.isWrong != finding.why.isEmpty && finding.isWrong == (finding.see != nil), "\(finding)")
        }
    }

    @Test func thereAreEnoughWrongPrograms() throws {
        let wrong = try ExpectedFindings.all().filter { $0.titles.contains { !$0.hasPrefix("?") } }
        for chapter in Chapter.all {
            let count = wrong.count { $0.chapter.number == chapter.number }
            #expect(count >= (chapter.number == 2 ? 5 : 3), "\(chapter.step)")
        }
    }

    /// The same programs with pika.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["WITH_PYTHON"] != nil,
            "left out: it needs Python. Scripts/check-clients python does it, or WITH_PYTHON=1 swift test"),
        .timeLimit(.minutes(10)))
    func programsInPythonAreFoundOut() async throws {
        let script = Repository.root.appending(path: "Scripts/check-clients").path
        let run = try RunningProgram([script, "python", "--no-build"], environment: [:]) { _ in }
        await eventually(.seconds(590)) { run.hasEnded }
        #expect(run.status == 0)
    }

    @Test(.watched) func aProgramThatDoesNothing() async throws {
        let idle = Subject(words: ["idle"]) { _, _ in
            Subject.Run(kill: {}, status: { 3 }, lastLines: { ["Hello"] })
        }
        let error = await #expect(throws: Inspection.CannotJudge.self) { try await Check.findings(.worker, idle) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("'idle' connected to no broker here"))
        #expect(text.contains(". It ended with status 3. It printed: Hello Connect it to"))
    }

    @Test func whatIsSaidAtTheEnd() {
        func said(_ verdicts: Finding.Verdict...) -> String? {
            let findings = verdicts.map { Point("is so", why: "It matters.", see: .helloRead).finding($0, "Seen.") }
            return CheckCommand.lines(findings).last
        }
        #expect(said(.yes) == "1 of 1 checks passed." && said(.yes, .yes) == "2 of 2 checks passed.")
        #expect(said(.no) == "The first check failed; more may follow once it passes.")
        #expect(said(.no, .yes, .yes) == "1 of 3 checks failed.")
        #expect(said(.notSeen, .yes, .yes) == "2 of 3 checks passed. 1 could not be seen.")
    }

    /// Clients don't agree on what a slash at the end means.
    @Test func theAddressHasNoPath() throws {
        let watch = ObservingBroker()
        defer { watch.shutDown() }
        let address = try watch.address(forRun: 1)
        #expect(address.wholeMatch(of: /amqp:\/\/guest:guest@localhost:[0-9]+/) != nil)
        #expect(try watch.address(forRun: 2) != address)
    }

    /// A check has so much time, and what did not show until then is not blamed on the program.
    @Test(.watched) func aCheckEnds() async throws {
        let expected = try #require(
            ExpectedFindings.all().first { $0.mistake == "never-acks" && $0.chapter.number == 1 })
        var pace = expected.pace
        (pace.whole, pace.answer) = (.milliseconds(1), .patience)
        let findings = try await Check.findings(expected.chapter, Self.subject(expected), pace)
        #expect(findings.filter(\.isWrong) == [])
        #expect(findings.contains { $0.verdict == .notSeen }, "\(findings)")
    }

    @Test(.watched) func aCommandThatDoesNotExist() async throws {
        let error = await #expect(throws: Inspection.CannotJudge.self) {
            try await Check.findings(.hello, .command(["no-such-program-anywhere"]))
        }
        #expect(error?.description.contains("can't be started") == true)
    }

    @Test(.watched) func asCommands() async throws {
        let path = Repository.products.appending(path: "subject").path
        var pace = Pace()
        (pace.begin, pace.whole, pace.answer, pace.endless) = (.patience, .patience, .patience, .patience)
        pace.hopeless = .patience
        let right = try await Check.findings(.hello, .command([path, "hello", "send", "right"]), pace)
        #expect(right.filter { !$0.isGood } == [])
        // A wrapper stays between the check and the program, and both end.
        let wrapped = ["sh", "-c", "'\(path)' hello receive right-acks; true"]
        #expect(try await Check.findings(.hello, .command(wrapped), pace).filter { !$0.isGood } == [])
        let wrong = try await Check.findings(.hello, .command([path, "hello", "send", "unclosed"]), pace)
        #expect(wrong.map(\.isGood) == [true, true, false], "\(wrong)")
    }

    #if os(Linux)
        /// What was started is only what starts the program, as with a container: it is killed, and the program is not.
        @Test(.watched) func aProgramThatIsElsewhere() async throws {
            let path = Repository.products.appending(path: "subject").path
            var pace = Pace()
            (pace.begin, pace.whole, pace.endless, pace.hopeless) = (.patience, .patience, .patience, .patience)
            pace.shortestDot = 80
            let note = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            let elsewhere = "echo $$ >>'\(note)'; exec '\(path)' worker work right"
            let away = [
                "sh", "-c", "setsid env -u WORKBOOK_RUN sh -c \"\(elsewhere.replacing("$", with: "\\$"))\" & wait",
            ]
            // Nobody else ends them. As long as one is there, Foundation doesn't wait for the shell that has started it.
            defer {
                let pids = (try? String(contentsOfFile: note, encoding: .utf8))?.split(separator: "\n") ?? []
                for pid in pids.compactMap({ Int32($0) }) { kill(pid, SIGKILL) }
                try? FileManager.default.removeItem(atPath: note)
            }
            let findings = try await Check.findings(.worker, .command(away), pace)
            #expect(findings.filter { !$0.isGood } == [])
        }
    #endif

    /// In this process, with a socket of its own: ended in the middle, the kernel says nothing for it either.
    static func subject(_ expected: ExpectedFindings) -> Subject {
        @Sendable func connect(_ port: Int) async throws -> TCPStream {
            try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 900_000)
        }
        // A subject that gave up waiting beside a thousand others would be another subject.
        var unhurried = ConnectionConfiguration.patient
        unhurried.rpcTimeout = .patience
        let configuration = unhurried
        let notes = Notes()
        return Subject(words: ["subject", expected.chapter.step, expected.role, expected.mistake] + expected.words) {
            url, _ in
            let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
            let stream = try await connect(port)
            let ending = Ending()
            let task = Task {
                var status: Int32 = 0
                do {
                    let connection = try await Connection.open(over: stream, configuration)
                    defer { stream.abort() }
                    let trial = Trial(
                        connection: connection,
                        connectAgain: { try await Connection.open(over: try await connect(port), configuration) },
                        channel: try await connection.openChannel(), mistake: expected.mistake,
                        words: expected.words.filter { !$0.hasPrefix("--") }, dot: .milliseconds(100),
                        timeout: .seconds(3),
                        print: { ending.print($0) }, notes: notes, breakOff: { stream.abort() })
                    try await play(expected.chapter.step, expected.role, trial)
                } catch {
                    status = 1
                    ending.print("\(error)")
                }
                ending.end(status)
            }
            return Subject.Run(
                kill: {
                    stream.abort()
                    task.cancel()
                }, status: { ending.state.withLock(\.status) }, lastLines: { ending.state.withLock(\.lines) })
        }
    }

    /// How a program in this process ended, and what it printed.
    private final class Ending: Sendable {
        struct State: Sendable {
            var status: Int32?
            var lines: [String] = []
        }
        let state = Mutex(State())

        func print(_ line: String) { state.withLock { $0.lines.append(line) } }
        func end(_ status: Int32) { state.withLock { $0.status = status } }
    }
}
