import Dispatch
import Platform
import Synchronization
import TestSupport
import Testing

@testable import workbook

@Suite struct RunningProgramTests {
    /// The system tells of the end at once; the thread that reads the pipe may come to its last lines much later. A check
    /// that looked at them in between accused the program of having printed nothing.
    @Test(.watched) func aProgramEndsBehindItsLastLine() async throws {
        let gate = DispatchSemaphore(value: 0)
        let printed = PrintedLines(most: 2)
        let program = try RunningProgram(["sh", "-c", "echo first; echo last; exit 3"], environment: [:]) { line in
            gate.wait()
            printed.add(line)
        }
        try await until { program.hasEnded }
        #expect(program.statusBehindItsLines == nil && printed.lines.isEmpty)
        gate.signal()
        gate.signal()
        try await until { program.statusBehindItsLines != nil }
        #expect(program.statusBehindItsLines == 3 && printed.lines == ["first", "last"])
    }

    /// Its output ends when the last process that could write to it has ended.
    @Test(.watched, arguments: ["sleep 1000 & sleep 1000", "sh -c 'sleep 1000; true' & echo there; wait"])
    func whatAProgramHasStartedEndsWithIt(script: String) async throws {
        let program = try RunningProgram(["sh", "-c", script], environment: [:]) { _ in }
        #expect(ProcessFamily.known.contains(program.pid))
        program.killAll()
        #expect(!ProcessFamily.known.contains(program.pid), "Ctrl-C would end whoever gets its number next")
        try await until { program.hasEnded && program.isSilent }
        #expect(program.status == 128 + SIGKILL)
    }

    #if os(Linux)
        @Test(.watched) func evenWhatHasLeftItsProcessGroup() async throws {
            let printed = PrintedLines(most: 2)
            let program = try RunningProgram(
                ["sh", "-c", "setsid sh -c 'echo away; sleep 1000' & wait"], environment: [:]
            ) {
                printed.add($0)
            }
            try await until { printed.lines == ["away"] }
            program.killAll()
            try await until { program.hasEnded && program.isSilent }
        }
    #endif

    /// A million lines, and fifty megabytes in one: all is read, and little is kept.
    @Test(.watched) func muchOutputIsCut() async throws {
        let printed = PrintedLines(most: 3)
        let script = "yes line | head -n 1000000; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last"
        let program = try RunningProgram(["sh", "-c", script], environment: [:]) { printed.add($0) }
        try await until { program.statusBehindItsLines != nil }
        #expect(printed.lines.map(\.count) == [4, 8192, 4] && printed.lines.last == "last")
    }
}
