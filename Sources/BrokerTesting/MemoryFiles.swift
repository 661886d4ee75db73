import BrokerServer
import Synchronization

/// What a broker keeps for its next start, in memory.
final class MemoryFiles: StoreFiles {
    private struct State: Sendable {
        var segments: [UInt32: [UInt8]] = [:]
        var manifest: [UInt8]?
        var mark: [UInt8]?
    }

    private let state: Mutex<State>

    init() { state = Mutex(State()) }
    private init(_ state: State) { self.state = Mutex(state) }

    /// Others with the same in them: what is written to these goes nowhere.
    func copy() -> MemoryFiles { MemoryFiles(state.withLock { $0 }) }

    let directory = "memory"
    let bootID: UInt64 = 1
    let freeOctets = Int.max
    func path(of segment: UInt32) -> String { "segment \(segment)" }
    func segments() -> [UInt32] { state.withLock { $0.segments.keys.sorted() } }
    func contents(of segment: UInt32) -> [UInt8] { state.withLock { $0.segments[segment] ?? [] } }

    func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8] {
        state.withLock { Array(($0.segments[segment] ?? []).dropFirst(offset).prefix(count)) }
    }

    func create(_ segment: UInt32) { state.withLock { $0.segments[segment] = [] } }

    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) -> Int {
        state.withLock { $0.segments[segment]?.append(contentsOf: octets) }
        return octets.count
    }

    func sync(_ segment: UInt32) {}
    func manifest() -> [UInt8]? { state.withLock { $0.manifest } }
    func mark() -> [UInt8]? { state.withLock { $0.mark } }
    func replaceManifest(_ octets: [UInt8]) { state.withLock { $0.manifest = octets } }
    func writeMark(_ octets: [UInt8], isForced: Bool) { state.withLock { $0.mark = octets } }

    /// A write is never cut off here, so there is no rest to keep.
    func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) -> String? {
        state.withLock { $0.segments[segment] = Array(($0.segments[segment] ?? []).prefix(count)) }
        return nil
    }

    func remove(_ segment: UInt32) { state.withLock { $0.segments[segment] = nil } }
    func close() {}
}
