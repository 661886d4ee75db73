import Simulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// What Scripts/simulate runs: STEPS steps, from SEED on. Each thousand has a seed of its own, so that whatever is found
// is found again in less than a thousand steps.

let isWhole = CommandLine.arguments.contains("--whole")
let words = CommandLine.arguments.dropFirst().filter { $0 != "--whole" }.map { UInt64($0) }
guard words.count <= 2, words.allSatisfy({ $0 != nil }) else {
    print("usage: Scripts/simulate [STEPS] [SEED] [--whole]")
    exit(1)
}
let steps = Int(clamping: words.first.flatMap { $0 } ?? 1_000_000)
var seed = (words.count > 1 ? words[1] : nil) ?? UInt64.random(in: 0...UInt64(UInt32.max))
let episode = 1000
print("\(steps) steps from seed \(seed)")

var (left, deliveries, crashes) = (steps, 0, 0)
while left > 0 {
    let simulation = try Simulation(seed: seed)
    guard let first = try simulation.run(steps: min(left, episode)) else {
        deliveries += simulation.deliveryCount
        crashes += simulation.crashCount
        left -= episode
        seed &+= 1
        continue
    }
    // Other seeds may come to a difference in fewer steps.
    var (best, shortest) = (seed, first.step)
    for other in seed..<(seed + 200) where !isWhole {
        let simulation = try Simulation(seed: other)
        if let found = try simulation.run(steps: shortest - 1) { (best, shortest) = (other, found.step) }
    }
    let again = try Simulation(seed: best, keepsLog: true)
    if let difference = try again.run(steps: shortest) { print(difference.description(lines: isWhole ? .max : 40)) }
    exit(1)
}
print("no difference: \(deliveries) frames and messages compared, \(crashes) crashes survived")
