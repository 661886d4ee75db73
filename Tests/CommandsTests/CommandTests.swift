import Testing

@testable import Commands

@Suite struct CommandTests {
    static let count = Option("--count", "N", "how many", shortName: "-c")
    static let quiet = Option("--quiet", "says nothing")
    static let send = Command("p send", takes: "[MESSAGE]", options: [count, quiet], does: "sends")
    static let check = Command("p check", takes: "STEP [-- COMMAND...]", does: "checks", alias: "chk", count: 1...1)
    static let keys = Command("p keys", takes: "KEY...", does: "takes keys")
    static let program = Program(
        "p", itself: Command("p", options: [quiet], does: "all of it"), commands: [send, check, keys], noun: "role")

    private func run(_ line: String) throws -> (String, Arguments) {
        guard case .run(let name, let arguments) = try Self.program.read(line.split(separator: " ").map(String.init))
        else { throw UsageError("nothing to run") }
        return (name, arguments)
    }

    private func text(_ line: String) throws -> String? {
        guard case .say(let text) = try Self.program.read(line.split(separator: " ").map(String.init)) else {
            return nil
        }
        return text
    }

    @Test func wordsAndOptions() throws {
        let (name, given) = try run("send a --count=2 b -c 3 -- --quiet")
        #expect(name == "p send" && given.words == ["a", "b", "--quiet"])
        #expect(try given.integer(Self.count) == 3 && given.texts(Self.count) == ["2", "3"])
        #expect(!given.has(Self.quiet) && given.command == nil)
        #expect(try run("--quiet").0 == "p")
    }

    @Test func anotherProgramsWords() throws {
        let (name, given) = try run("chk 1 -- python --help")
        #expect(name == "p check" && given.words == ["1"] && given.command == ["python", "--help"])
    }

    /// Where a command's own words are known by their number, the other program's need no `--`.
    @Test func anotherProgramsWordsAsTheyAre() throws {
        let watch = Command(
            "p watch", takes: "STEP [-- COMMAND...]", options: [Self.count], does: "watches", isProgramPlain: true,
            count: 1...1)
        for line in ["--count 2 1 python x.py --count 3 -- y", "1 --count=2 -- python x.py --count 3 -- y"] {
            let given = try watch.read(line.split(separator: " ").map(String.init))
            #expect(given.words == ["1"] && given.command == ["python", "x.py", "--count", "3", "--", "y"])
            #expect(given.text(Self.count) == "2")
        }
        #expect(try watch.read(["1"]).command == nil)
        // Its options are its own, whatever they are called.
        let program = Program("p", itself: nil, commands: [watch])
        for line in ["watch 1 python x.py -h localhost", "watch --count 2 1 python x.py --help", "watch 1 x --version"]
        {
            guard case .run(_, let given) = try program.read(line.split(separator: " ").map(String.init)) else {
                Issue.record("\(line)")
                continue
            }
            #expect(given.words == ["1"] && given.command?.count ?? 0 > 1)
        }
        for line in ["watch --help", "watch 1 -h", "watch --help 1 x"] {
            guard case .say = try program.read(line.split(separator: " ").map(String.init)) else {
                Issue.record("\(line)")
                continue
            }
        }
    }

    @Test func helpAndVersionWhereverTheyStand() throws {
        for line in ["--help", "-h", "nothing --help"] { #expect(try text(line)?.hasPrefix("Usage:\n  p ") == true) }
        #expect(try text("send x --help")?.hasPrefix("Usage: p send [MESSAGE] [--count N] [--quiet]\n\nSends.") == true)
        for line in ["--version", "send --version"] { #expect(try text(line) == "p 0.1.0") }
    }

    @Test(arguments: [
        ("jump", "p: there is no role 'jump'; see p --help"),
        ("--loud", "p: there is no option '--loud'; see p --help"),
        ("send --count", "p send: --count needs a value; see p send --help"),
        ("send --quiet=1", "p send: --quiet takes no value; see p send --help"),
        ("check", "p check: STEP is missing; see p check --help"),
        ("check 1 2", "p check: '2' is one word too many; see p check --help"),
        ("check 1 --", "p check: a command is missing after '--'; see p check --help"),
        ("keys", "p keys: KEY is missing; see p keys --help"),
        ("p\u{1B}[31m", "p: there is no role 'p\\u{1B}[31m'; see p --help"),
    ])
    func complaints(_ line: String, _ complaint: String) throws {
        let error = #expect(throws: UsageError.self) { try run(line) }
        #expect(error.map { Self.program.complaint($0) } == complaint)
    }

    @Test func numbers() throws {
        for wrong in ["x", "-1", "11", "", "99999999999999999999"] {
            let given = try Self.send.read(["--count", wrong])
            #expect(throws: UsageError.self, "\(wrong)") { try given.integer(Self.count, in: 0...10) }
        }
        for wrong in ["soon", "-1", "nan", "inf", "86401"] {
            let given = try Self.send.read(["--count", wrong])
            #expect(throws: UsageError.self, "\(wrong)") { try given.seconds(Self.count) }
        }
        #expect(try Self.send.read(["--count", "0.5"]).seconds(Self.count) == .milliseconds(500))
        #expect(try Self.send.read([]).seconds(Self.count) == nil)
    }

    @Test func aTableFitsEightyColumns() {
        let long = Array(repeating: "word", count: 40).joined(separator: " ")
        let lines = table([("--a", long), ("--" + String(repeating: "b", count: 40), "short")])
        #expect(lines.allSatisfy { $0.count <= 80 } && lines.count > 3)
        #expect(lines.last == "       short")
    }

    @Test func textIsWrappedByItsWords() {
        #expect(wrapped("one two  three\nfour", width: 8) == ["one two", "three", "four"])
        #expect(wrapped("one two", indent: 2, width: 8) == ["  one", "  two"])
        #expect(wrapped("  as it is", width: 10) == ["  as it is"] && wrapped("") == [""])
        #expect("ab".padded(to: 4) == "ab  " && "abc".padded(to: 2) == "abc")
    }
}
