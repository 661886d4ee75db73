import Dispatch
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
}
