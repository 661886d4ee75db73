import AMQPClient
import Foundation
import Synchronization

/// Plays a scene once, with a command for each role, and notes what each terminal shows.
struct Performance: Sendable {
    let scene: CompareScene
    /// The command that plays a role, without the words behind the role.
    let commands: [String: [String]]
    let url: String
    let environment: [String: String]
    /// For each thing that is waited for.
    let patience: Duration

    /// What the terminals show, in the scene's order. It goes on until those who wait have printed `lines` together,
    /// their first ones counted, or until nothing more comes.
    func outputs(lines: Int) async throws -> [TerminalOutput] {
        var terminals: [ScreenedProgram] = []
        do {
            for (number, part) in scene.waiting.enumerated() {
                let terminal = try enter(part, waits: true)
                terminals.append(terminal)
                await eventually(patience) { terminal.lineCount > 0 || terminal.program.hasEnded }
                if let queue = scene.queue { try await consumers(number + 1, of: queue, unless: terminal) }
            }
            for part in scene.acting {
                let terminal = try enter(part, waits: false)
                terminals.append(terminal)
                await eventually(patience) { terminal.program.hasEnded }
                await eventually(.seconds(10)) { terminal.program.isSilent }
            }
            let waiting = terminals.prefix(scene.waiting.count)
            await eventually(patience) {
                waiting.map(\.lineCount).reduce(0, +) >= lines || waiting.allSatisfy { $0.program.hasEnded }
            }
            // A line too many comes at once or never.
            try await Task.sleep(for: .milliseconds(200))
        } catch {
            await terminals.map(\.program).interrupt()
            throw error
        }
        let outputs = terminals.map(\.output)
        // What they say now is no longer of interest.
        await terminals.map(\.program).interrupt()
        return outputs
    }

    private func enter(_ part: Part, waits: Bool) throws -> ScreenedProgram {
        let role = part.words.first ?? ""
        return try ScreenedProgram(
            (commands[role] ?? []) + part.words.dropFirst(), part, waits: waits,
            // Python keeps its lines back when they don't go to a terminal.
            environment: environment.merging(["AMQP_URL": url, "PYTHONUNBUFFERED": "1"]) { $1 })
    }

    /// A program that says that it waits may not consume yet. Turns begin with the first consumer.
    private func consumers(_ count: Int, of queue: String, unless terminal: ScreenedProgram) async throws {
        let connection = try await Connection.open(url)
        await eventually(min(patience, .seconds(5))) {
            guard !terminal.program.hasEnded else { return true }
            // A queue that is not there yet closes the channel.
            guard let channel = try? await connection.openChannel() else { return true }
            let seen = try? await channel.declareQueue(queue, passive: true).consumerCount
            try? await channel.close()
            return (seen ?? 0) >= count
        }
        try await connection.close()
    }
}

/// A program, and all that it has printed.
private final class ScreenedProgram: Sendable {
    let program: RunningProgram
    private let screen: Screen

    private final class Screen: Sendable {
        let output: Mutex<TerminalOutput>
        init(_ output: TerminalOutput) { self.output = Mutex(output) }
    }

    init(_ command: [String], _ part: Part, waits: Bool, environment: [String: String]) throws {
        let screen = Screen(TerminalOutput(words: part.words, waits: waits))
        self.screen = screen
        program = try RunningProgram(
            command, environment: environment,
            onLine: { line in screen.output.withLock { $0.lines.append(line) } },
            onError: { line in screen.output.withLock { $0.errors.append(line) } })
    }

    var lineCount: Int { screen.output.withLock { $0.lines.count } }

    var output: TerminalOutput {
        var output = screen.output.withLock { $0 }
        output.status = program.status
        return output
    }
}
