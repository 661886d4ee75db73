import AMQPClient
import Foundation

// Kills a broker again and again while programs publish with confirms and consume with acknowledgements, starts it
// again on the same directory, and compares what is there with what was promised. Scripts/crash runs it. What else is
// promised of a broker as a process is here too: Scripts/full-disk and Scripts/memory.

var words = CommandLine.arguments.dropFirst()
var rounds = 20
var seed = UInt64.random(in: 0..<1_000_000)
var broker: String?
var disk: String?
var isMemoryMeasured = false
while let word = words.popFirst() {
    switch word {
    case "--seed": seed = words.popFirst().flatMap { UInt64($0) } ?? seed
    case "--broker": broker = words.popFirst()
    case "--full-disk": disk = words.popFirst()
    case "--memory": isMemoryMeasured = true
    default:
        guard let number = Int(word), number > 0 else { usage() }
        rounds = number
    }
}
guard let broker else { usage() }

func usage() -> Never {
    print("Usage: crash-test [ROUNDS] [--seed N] | --full-disk DIRECTORY | --memory   --broker EXECUTABLE")
    exit(1)
}

let directory = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(getpid())").path
if let disk {
    do {
        try await FullDisk.run(broker: broker, on: disk)
    } catch {
        print("FAILED: \(error)")
        exit(1)
    }
    exit(0)
}
if isMemoryMeasured {
    do {
        try await MemoryUse.run(broker: broker, directory: directory)
        try FileManager.default.removeItem(atPath: directory)
    } catch {
        print("FAILED: \(error)")
        try? FileManager.default.removeItem(atPath: directory)
        exit(1)
    }
    exit(0)
}
print("seed \(seed), \(rounds) rounds, data in \(directory)")
var random = SplitMix(state: seed)
let model = Model()
var restarts: [Double] = []
do {
    for round in 1...rounds {
        let started = Date()
        let process = try RunningBroker(broker, data: directory)
        restarts.append(Date().timeIntervalSince(started))
        try await Check.compare(with: model, at: process.uri, drain: random.next() % 4 == 0)
        let load = Load(model, uri: process.uri, round: round, seed: random.next())
        load.start()
        try await Task.sleep(for: .milliseconds(10 + Int(random.next() % 400)))
        process.kill()
        await load.finish()
        if round % 20 == 0 || round == rounds { print("round \(round): \(model.summary)") }
    }
    let last = try RunningBroker(broker, data: directory)
    try await Check.compare(with: model, at: last.uri, drain: true)
    last.kill()
    try FileManager.default.removeItem(atPath: directory)
} catch {
    print("FAILED: \(error)\nseed \(seed); the data is left in \(directory)")
    exit(1)
}
print(
    "\(rounds) rounds: \(model.summary). No confirmed message lost, no acknowledged and synced one back. "
        + String(format: "Longest restart %.0f ms.", 1000 * (restarts.max() ?? 0)))
