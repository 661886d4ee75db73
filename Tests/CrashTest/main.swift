import AMQPClient
import Commands
import Foundation
import SeededGenerator

// Kills a broker again and again while programs publish with confirms and consume with acknowledgements, starts it
// again on the same directory, and compares what is there with what was promised. Scripts/crash runs it. What else is
// promised of a broker as a process is here too: Scripts/full-disk, Scripts/memory and Scripts/history.

let broker = Option("--broker", "EXECUTABLE", "the broker to kill; it must be there")
let seedOption = Option("--seed", "N", "what happens is decided by it [a random one]")
let fullDisk = Option("--full-disk", "DIRECTORY", "instead: what a broker does when its disk is full; on a small disk")
let memory = Option("--memory", "instead: how much memory a broker takes")
let history = Option(
    "--history", "SECONDS", "instead: the account of messages while nodes are killed, those of AMQP_URLS or the broker")
let forgetful = Option("--forgetful", "with --history: a broker that keeps nothing on disk, so the account must fail")
let program = Program(
    "crash-test",
    itself: Command(
        "crash-test", takes: "[ROUNDS]", options: [broker, seedOption, fullDisk, memory, history, forgetful],
        does: "kills a broker again and again, and compares what it kept with what it promised", count: 0...1))
let given = program.request().arguments
let cluster = ClusterNodes(ProcessInfo.processInfo.environment)
guard let executable = given.text(broker) ?? (given.has(history) && cluster != nil ? "" : nil) else {
    program.fail(UsageError("--broker EXECUTABLE is missing"))
}
guard let rounds = Int(given.words.first ?? "20"), rounds > 0 else { program.fail(UsageError("ROUNDS is no number")) }
let seed: UInt64
let historySeconds: Int?
do throws(UsageError) {
    historySeconds = try given.integer(history, in: 1...86_400)
    seed = try given.number(seedOption, in: 0...UInt64.max) ?? .random(in: 0..<1_000_000)
} catch {
    program.fail(error)
}

let directory = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(getpid())").path
if let disk = given.text(fullDisk) {
    do {
        try await FullDisk.run(broker: executable, on: disk)
    } catch {
        print("FAILED: \(error)")
        exit(1)
    }
    exit(0)
}
if let historySeconds {
    do {
        let nodes: any Nodes = try cluster ?? OwnNode(executable, data: given.has(forgetful) ? nil : directory)
        try await History(nodes, seed: seed).run(seconds: historySeconds)
        try await nodes.kill([1])
        try? FileManager.default.removeItem(atPath: directory)
    } catch {
        print("FAILED: \(error)\nseed \(seed); the data of a broker of ours is left in \(directory)")
        exit(1)
    }
    exit(0)
}
if given.has(memory) {
    do {
        try await MemoryUse.run(broker: executable, directory: directory)
        try FileManager.default.removeItem(atPath: directory)
    } catch {
        print("FAILED: \(error)")
        try? FileManager.default.removeItem(atPath: directory)
        exit(1)
    }
    exit(0)
}
print("seed \(seed), \(rounds) rounds, data in \(directory)")
var random = SeededGenerator(seed: seed)
let model = Model()
let stream = StreamModel()
var restarts: [Double] = []
do {
    for round in 1...rounds {
        let started = Date()
        let process = try RunningBroker(executable, data: directory)
        restarts.append(Date().timeIntervalSince(started))
        try await Check.compare(with: model, at: process.uri, drain: random.next() % 4 == 0)
        try await StreamLoad.compare(with: stream, at: process.uri)
        let load = Load(model, stream, uri: process.uri, round: round, seed: random.next())
        load.start()
        try await Task.sleep(for: .milliseconds(10 + Int(random.next() % 400)))
        process.kill()
        await load.finish()
        if round % 20 == 0 || round == rounds { print("round \(round): \(model.summary); \(stream.summary)") }
    }
    let last = try RunningBroker(executable, data: directory)
    try await Check.compare(with: model, at: last.uri, drain: true)
    try await StreamLoad.compare(with: stream, at: last.uri)
    last.kill()
    try FileManager.default.removeItem(atPath: directory)
} catch {
    print("FAILED: \(error)\nseed \(seed); the data is left in \(directory)")
    exit(1)
}
print(
    "\(rounds) rounds: \(model.summary); \(stream.summary). No confirmed message lost, no acknowledged and synced one back. "
        + String(format: "Longest restart %.0f ms.", 1000 * (restarts.max() ?? 0)))
