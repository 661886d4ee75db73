import Commands
import Foundation

/// `workbook trace`: follows one message of a step from the program to the socket, through the broker, and on.
enum TraceCommand {
    static let command = Command(
        "workbook trace", takes: "STEP",
        does: "follows one message from the program to the socket, through the broker, and on",
        notes: """
            Bytes, frames, method, route, queue, delivery, ack; with the file and line that does it, and the rules of \
            the conformance suite about it.
            """)

    static func run(_ given: Arguments) async -> Int32 {
        let chapter = Chapter.named(given.words[0], command)
        let scene = chapter.trace
        do {
            let program = try Programs.path(chapter.step)
            let paths = try await record(scene, program)
            say("trace \(chapter.number) \(chapter.step): \(chapter.step) \(scene.acting.name)")
            for (path, leg) in zip(paths, scene.legs) {
                for line in TraceReport(path, leg).lines { say(line) }
            }
            Progress.add("trace \(chapter.number)")
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    struct NotSeen: Error, CustomStringConvertible {
        let printed: [String]
        var description: String {
            "The message did not get through within half a minute. The programs printed: "
                + Subject.shown(printed)
        }
    }

    /// Plays the scene, and returns the ways of its messages.
    static func record(_ scene: TraceScene, _ program: String) async throws -> [MessagePath] {
        let tap = ObservingBroker(keepsFrames: true)
        defer { tap.shutDown() }
        let address = try tap.address(forRun: 1)
        let printed = PrintedLines(most: 1000)
        var running: [RunningProgram] = []
        func start(_ part: Part) throws -> RunningProgram {
            let started = try RunningProgram([program] + part.words, environment: ["AMQP_URL": address]) {
                printed.add($0)
            }
            running.append(started)
            return started
        }
        func play() async throws -> [MessagePath] {
            for part in scene.waiting {
                let (before, started) = (printed.lines.count, try start(part))
                await eventually(.seconds(30)) { printed.lines.count > before || started.hasEnded }
            }
            let actor = try start(scene.acting)
            var paths: [MessagePath] = []
            let isComplete = await eventually(.seconds(30)) {
                paths = MessagePath.paths(in: tap.observations)
                return actor.hasEnded && scene.isComplete(paths)
            }
            guard isComplete else { throw NotSeen(printed: printed.lines) }
            return paths
        }
        let result: Result<[MessagePath], any Error>
        do { result = .success(try await play()) } catch { result = .failure(error) }
        await running.interrupt()
        return try result.get()
    }
}
