import Platform
import Simulation

/// What Scripts/damage runs: so many damaged stores, fifty for each seed. Runs of neighbouring seeds add up.
func damage(_ words: [UInt64?]) -> Never {
    let count = words.first.flatMap { $0 } ?? 100_000
    let perStore = 50
    var seed = (words.count > 1 ? words[1] : nil) ?? UInt64.random(in: 0...UInt64(UInt32.max))
    say("\(count) damaged stores from seed \(seed)")
    var tally = DamagedStore.Tally()
    do {
        while tally.all < count {
            var store = try DamagedStore(seed: seed)
            if let wrong = store.run(min(perStore, Int(clamping: count) - tally.all), into: &tally) {
                say(wrong)
                exit(1)
            }
            seed &+= 1
            if tally.all < count, tally.all.isMultiple(of: 100_000) { say("\(tally.all) damaged, next seed \(seed)") }
        }
    } catch {
        say("seed \(seed): \(error)")
        exit(1)
    }
    say(
        "\(tally.all) damaged stores, up to seed \(seed &- 1): \(tally.refused) refused with the reason, \(tally.named) opened "
            + "with a warning, \(tally.harmless) without effect; lost, altered or made up in silence: 0")
    exit(0)
}
