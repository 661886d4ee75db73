import BrokerServer
import Synchronization

/// A disk that can be short of room, write in pieces, and stop in the middle of anything.
///
/// It tells what is on the platters from what only the operating system has: a killed process leaves both behind, a
/// power cut only the first, and any part of the second.
final class SimulatedDisk: StoreFiles {
    private struct File {
        var octets: [UInt8] = []
        /// So many of them are on the platters.
        var synced = 0
    }

    private struct State {
        var files: [UInt32: File] = [:]
        var manifest: [UInt8]?
        var mark: [UInt8]?
        /// The mark that is on the platters.
        var syncedMark: [UInt8]?
        var bootID: UInt64 = 1
        /// How often segments can't be read, before they can.
        var failures: [UInt32: Int] = [:]
        var room = Int.max
        /// Operations until it stops; nil: it goes on.
        var operationsLeft: Int?
        var isStopped = false
        var ignoresSyncs = false
        var random: Randomness
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: Randomness(seed: seed))) }

    private init(_ state: State) { self.state = Mutex(state) }

    /// Another disk with the same on it.
    func copy() -> SimulatedDisk { SimulatedDisk(state.withLock { $0 }) }

    /// All files.
    var image: [FileName: [UInt8]] {
        get {
            state.withLock { state in
                var image: [FileName: [UInt8]] = [:]
                for (number, file) in state.files { image[.segment(number)] = file.octets }
                (image[.manifest], image[.mark]) = (state.manifest, state.mark)
                return image
            }
        }
        set {
            state.withLock { state in
                state.files = [:]
                (state.manifest, state.mark) = (newValue[.manifest], newValue[.mark])
                for case (.segment(let number), let octets) in newValue {
                    state.files[number] = File(octets: octets, synced: octets.count)
                }
            }
        }
    }

    var segmentNumbers: [UInt32] { state.withLock { Array($0.files.keys) } }

    // MARK: Faults

    /// So many attempts to read from a segment fail (EIO).
    func failReads(of segment: UInt32, times: Int) { state.withLock { $0.failures[segment] = times } }

    /// Octets that can be written until there is no room left.
    var room: Int {
        get { state.withLock { $0.room } }
        set { state.withLock { $0.room = newValue } }
    }

    /// After so many operations more nothing that is asked of it happens any more.
    func stop(after operations: Int) { state.withLock { $0.operationsLeft = operations } }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// It says that things are on the platters which are not.
    func ignoreSyncs() { state.withLock { $0.ignoresSyncs = true } }

    /// It has lost what was written last.
    func loseLastRecord() {
        state.withLock { state in
            guard let last = state.files.keys.max(), let count = state.files[last]?.octets.count, count > 0 else {
                return
            }
            state.files[last]?.octets.removeLast()
        }
    }

    /// What a killed process leaves behind.
    func killed() -> SimulatedDisk {
        SimulatedDisk(
            state.withLock { state in
                (state.isStopped, state.operationsLeft, state.room) = (false, nil, .max)
                return state
            })
    }

    /// What is there after a power cut, or a sync that failed and after which the broker stopped: what was synced, and
    /// any part of the rest.
    func powerCut() -> SimulatedDisk {
        let disk = killed()
        disk.state.withLock { state in
            state.bootID += 1
            if state.random.oneIn(2) { state.mark = state.syncedMark }
            state.syncedMark = state.mark
            for number in state.files.keys.sorted() {
                guard var file = state.files[number], file.synced < file.octets.count else { continue }
                switch state.random.below(4) {
                case 0: file.octets.removeSubrange(file.synced...)
                case 1: break
                case 2:
                    let kept = state.random.below(file.octets.count - file.synced + 1)
                    file.octets.removeSubrange((file.synced + kept)...)
                default:
                    // Sectors come in any order, and what stands before one that came is nothing but zeros.
                    let sector = [64, 512][state.random.below(2)]
                    for start in stride(from: 0, to: file.octets.count, by: sector) where state.random.oneIn(2) {
                        let lost = max(start, file.synced)..<max(file.synced, min(start + sector, file.octets.count))
                        file.octets.replaceSubrange(lost, with: repeatElement(0, count: lost.count))
                    }
                }
                file.synced = file.octets.count
                state.files[number] = file
            }
        }
        return disk
    }

    // MARK: StoreFiles

    let directory = "disk"
    var bootID: UInt64 { state.withLock { $0.bootID } }
    func path(of segment: UInt32) -> String { segment == 0 ? "manifest" : "segment \(segment)" }
    func segments() throws(StoreError) -> [UInt32] { state.withLock { $0.files.keys.sorted() } }
    func contents(of segment: UInt32) throws(StoreError) -> [UInt8] {
        try read(state.withLock { $0.files[segment]?.octets.count ?? 0 }, at: 0, of: segment)
    }

    func read(_ count: Int, at offset: Int, of segment: UInt32) throws(StoreError) -> [UInt8] {
        let octets = state.withLock { state in
            ReadAttempts.read(min(count, max(0, (state.files[segment]?.octets.count ?? 0) - offset)), at: offset) {
                if let times = state.failures[segment], times > 0 {
                    state.failures[segment] = times - 1
                    return nil
                }
                // Not all at once.
                let part = (state.files[segment]?.octets ?? []).dropFirst($1).prefix(max(1, $0.count / 2))
                $0.copyBytes(from: part)
                return part.count
            }
        }
        guard let octets else { throw .failed("cannot read segment \(segment)") }
        return octets
    }

    func manifest() throws(StoreError) -> [UInt8]? { state.withLock { $0.manifest } }
    func mark() throws(StoreError) -> [UInt8]? { state.withLock { $0.mark } }

    func create(_ segment: UInt32) throws(StoreError) {
        try need(1)
        operate { $0.files[segment] = File() }
    }

    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) throws(StoreError) -> Int {
        var written = octets.count
        operate { state in
            if state.random.oneIn(3) { written = 1 + state.random.below(octets.count) }
            written = min(written, state.room)
            if state.room < .max { state.room -= written }
            precondition(state.files[segment]?.octets.count == offset, "written at another place than the end")
            state.files[segment]?.octets.append(contentsOf: octets.prefix(written))
        }
        if written == 0 { throw .full("no room") }
        return written
    }

    func sync(_ segment: UInt32) throws(StoreError) {
        operate { state in
            precondition(state.files[segment] != nil, "there is no segment \(segment) to sync")
            let count = state.files[segment]?.octets.count ?? 0
            if !state.ignoresSyncs { state.files[segment]?.synced = count }
        }
    }

    func replaceManifest(_ octets: [UInt8]) throws(StoreError) {
        try need(octets.count)
        operate { $0.manifest = octets }
    }

    func writeMark(_ octets: [UInt8], isForced: Bool) throws(StoreError) {
        if state.withLock({ $0.mark == nil }) { try need(octets.count) }
        operate { state in
            state.mark = octets
            if isForced || state.random.oneIn(50) { state.syncedMark = octets }
        }
    }

    func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) throws(StoreError) -> String? {
        if keepingRest { try need(state.withLock { ($0.files[segment]?.octets.count ?? 0) - count }) }
        operate { state in
            state.files[segment]?.octets.removeSubrange(count...)
            state.files[segment]?.synced = count
            if count == 0 { state.files[segment] = nil }
        }
        return keepingRest ? "segment \(segment) from \(count)" : nil
    }

    func remove(_ segment: UInt32) throws(StoreError) { operate { $0.files[segment] = nil } }
    var freeOctets: Int { .max }
    func close() {}

    /// What is written to a file of its own finds room for all of it, or none.
    private func need(_ count: Int) throws(StoreError) {
        if state.withLock({ !$0.isStopped && $0.room < count }) { throw .full("no room") }
    }

    private func operate(_ operation: (inout State) -> Void) {
        state.withLock { state in
            if state.operationsLeft == 0 { state.isStopped = true }
            if state.isStopped { return }
            state.operationsLeft = state.operationsLeft.map { $0 - 1 }
            operation(&state)
        }
    }
}
