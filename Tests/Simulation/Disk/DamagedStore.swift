import BrokerCore
import BrokerServer

/// Stores that a broker left behind, each damaged in one way: every damage must be named when the store is opened, or be
/// without effect. Nothing may be lost, altered or made up in silence.
package struct DamagedStore {
    /// What became of the trials.
    package struct Tally: Sendable {
        package var refused = 0
        /// Opened, with a line in the log that names what is wrong.
        package var named = 0
        package var harmless = 0

        package init() {}
        package var all: Int { refused + named + harmless }
    }

    private let seed: UInt64
    private var random: Randomness
    private let disk: SimulatedDisk
    private let before: SimulatedDisk
    private let found: Found
    private let warnings: [String]
    private var unpromised: [Found]?

    /// A store that a short simulation makes, and that ends properly, by `kill -9` or by a power cut.
    package init(seed: UInt64) throws {
        self.seed = seed
        random = Randomness(seed: seed)
        let simulation = try Simulation(seed: seed)
        try simulation.go(steps: 20 + random.below(100))
        before = simulation.disk.copy()
        try simulation.go(steps: random.below(60))
        switch random.below(3) {
        case 0: disk = simulation.endProperly()
        case 1: disk = simulation.disk.killed()
        default: disk = simulation.disk.powerCut()
        }
        (found, warnings) = try Simulation.look(at: disk.copy(), now: 0)
    }

    /// Damages copies of the store, so many times. Returns what is wrong with one, if anything is.
    package mutating func run(_ count: Int, into tally: inout Tally) -> String? {
        for _ in 0..<count {
            let kind = random.pick(SimulatedDisk.Damage.allCases)
            let damaged = disk.copy()
            let what = damaged.damage(kind, &random, earlier: before.image)
            if let wrong = judge(damaged, kind, &tally) {
                return "seed \(seed), \(what): \(wrong)\nagain: Scripts/damage \(count) \(seed)"
            }
        }
        return nil
    }

    private mutating func judge(
        _ damaged: SimulatedDisk, _ kind: SimulatedDisk.Damage, _ tally: inout Tally
    ) -> String? {
        let clocks = [1_000_000_000_000 - Simulation.year, 1_000_000_000_000 + Simulation.year]
        let seen: Found
        let lines: [String]
        do {
            (seen, lines) = try Simulation.look(
                at: damaged, now: kind == .clockAYearOff ? clocks[random.below(2)] : 0)
        } catch {
            tally.refused += 1
            if kind == .unreadableOnce { return "one read that failed, and it is refused: \(error)" }
            return "\(error)".isEmpty ? "it is refused without a reason" : nil
        }
        if let surprise = seen.surprises.first { return "altered: \(surprise)" }
        if kind == .clockAYearOff { return judgeClock(seen, &tally) }
        if seen == found {
            tally.harmless += 1
            return nil
        }
        // After a power cut, every start says how much is known to be complete.
        let isNamed = lines.contains { !warnings.contains($0) || $0.contains("the machine stopped") }
        if !isNamed, !isUnpromised(seen) { return "in silence, there is\n\(seen)\nand was\n\(found)" }
        tally.named += 1
        return nil
    }

    /// Nobody had been told that what is missing was on disk.
    private mutating func isUnpromised(_ seen: Found) -> Bool {
        if unpromised == nil { unpromised = statesWithoutTheUnpromised() }
        return unpromised?.contains(seen) ?? false
    }

    /// What is there when the newest segment ends earlier, at any record that nobody had been told of.
    private func statesWithoutTheUnpromised() -> [Found] {
        guard let newest = disk.segmentNumbers.max(), let octets = disk.image[.segment(newest)],
            let mark = disk.image[.mark].flatMap({ SyncedMark($0) })
        else { return [] }
        let promised = mark.segment == newest ? mark.offset : 0
        let places = SimulatedDisk.records(of: octets).filter { $0 >= max(promised, StoreBatch.headerCount) }
        return places.compactMap { place in
            let cut = disk.copy()
            cut.image[.segment(newest)] = Array(octets[..<place])
            return try? Simulation.look(at: cut, now: 0).found
        }
    }

    /// What never expires is there whatever the time is.
    private func judgeClock(_ seen: Found, _ tally: inout Tally) -> String? {
        tally.harmless += 1
        func lasting(_ found: Found) -> [Content]? {
            // What expires elsewhere with another clock may come here as a dead letter.
            found.queues["a"]?.map(\.content).filter { $0.expiration == nil && $0.deaths.isEmpty }
        }
        return lasting(seen) == lasting(found) ? nil : "a clock a year off, and queue a is another"
    }
}
