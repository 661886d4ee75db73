import Commands
import Platform
import Simulation

// What Scripts/simulate runs. Each thousand steps have a seed of their own, so that whatever is found is found again in
// less than a thousand steps.

let whole = Option("--whole", "show all that happened before a difference, and look for no shorter way to it")
let damaged = Option("--damage", "damage as many stores, instead of doing steps")
let program = Program(
    "simulate",
    itself: Command(
        "simulate", takes: "[STEPS [SEED]]", options: [whole, damaged],
        does: "lets clients, time and a disk do what a seed decides, and compares the broker with a model", count: 0...2
    ))
let given = program.request().arguments
let isWhole = given.has(whole)
let words = given.words.map { UInt64($0) }
guard words.allSatisfy({ $0 != nil }) else { program.fail(UsageError("STEPS and SEED are numbers")) }
if given.has(damaged) { damage(words) }
let steps = Int(clamping: words.first.flatMap { $0 } ?? 1_000_000)
var seed = (words.count > 1 ? words[1] : nil) ?? UInt64.random(in: 0...UInt64(UInt32.max))
let episode = 1000
let perReport = 1_000_000
say("\(steps) steps from seed \(seed)")

var (left, deliveries, crashes) = (steps, 0, 0)
while left > 0 {
    let simulation = try Simulation(seed: seed)
    guard let first = try simulation.run(steps: min(left, episode)) else {
        deliveries += simulation.deliveryCount
        crashes += simulation.crashCount
        left -= episode
        seed &+= 1
        let done = steps - left
        if left > 0, done.isMultiple(of: perReport) { say("\(done) steps without a difference, next seed \(seed)") }
        continue
    }
    // Other seeds may come to a difference in fewer steps.
    var (best, shortest) = (seed, first.step)
    for other in seed..<(seed + 200) where !isWhole {
        let simulation = try Simulation(seed: other)
        if let found = try simulation.run(steps: shortest - 1) { (best, shortest) = (other, found.step) }
    }
    let again = try Simulation(seed: best, keepsLog: true)
    if let difference = try again.run(steps: shortest) { say(difference.description(lines: isWhole ? .max : 40)) }
    exit(1)
}
say("no difference: \(deliveries) frames and messages compared, \(crashes) crashes survived")
