import BrokerServer
import Synchronization

/// What a broker keeps for its next start, in memory.
package final class MemoryFiles: StoreFiles {
    private struct State: Sendable {
        var segments: [UInt32: [UInt8]] = [:]
        var manifest: [UInt8]?
        var mark: [UInt8]?
    }

    private let state: Mutex<State>

    package init() { state = Mutex(State()) }
    private init(_ state: State) { self.state = Mutex(state) }

    /// Others with the same in them: what is written to these goes nowhere.
    package func copy() -> MemoryFiles { MemoryFiles(state.withLock { $0 }) }

    package let directory = "memory"
    package let bootID: UInt64 = 1
    package let freeOctets = Int.max
    package func path(of segment: UInt32) -> String { "segment \(segment)" }
    package func segments() -> [UInt32] { state.withLock { $0.segments.keys.sorted() } }
    package func contents(of segment: UInt32) -> [UInt8] { state.withLock { $0.segments[segment] ?? [] } }

    package func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8] {
        state.withLock { Array(($0.segments[segment] ?? []).dropFirst(offset).prefix(count)) }
    }

    package func create(_ segment: UInt32) { state.withLock { $0.segments[segment] = [] } }

    package func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) -> Int {
        state.withLock { $0.segments[segment]?.append(contentsOf: octets) }
        return octets.count
    }

    package func sync(_ segment: UInt32) {}
    package func manifest() -> [UInt8]? { state.withLock { $0.manifest } }
    package func mark() -> [UInt8]? { state.withLock { $0.mark } }
    package func replaceManifest(_ octets: [UInt8]) { state.withLock { $0.manifest = octets } }
    package func writeMark(_ octets: [UInt8], isForced: Bool) { state.withLock { $0.mark = octets } }

    /// A write is never cut off here, so there is no rest to keep.
    package func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) -> String? {
        state.withLock { $0.segments[segment] = Array(($0.segments[segment] ?? []).prefix(count)) }
        return nil
    }

    package func remove(_ segment: UInt32) { state.withLock { $0.segments[segment] = nil } }
    package func close() {}
}
