import BrokerCore
import Foundation
import Synchronization

@testable import BrokerServer

/// Segments in memory, with room for so many octets, and a disk that can be made to wait.
final class FaultyFiles: StoreFiles {
    private struct State {
        var segments: [UInt32: [UInt8]] = [:]
        var room = Int.max
        var free = Int.max
        var isSyncHeld = false
        var isSyncBroken = false
        var syncs = 0
        var manifest: [UInt8]?
        var mark: [UInt8]?
    }

    private let state = Mutex(State())

    /// Octets that can be written until there is no room left.
    var room: Int {
        get { state.withLock { $0.room } }
        set { state.withLock { $0.room = newValue } }
    }

    func setFree(_ octets: Int) { state.withLock { $0.free = octets } }

    /// While true, nothing that is forced to disk gets there.
    func holdSyncs(_ isHeld: Bool) { state.withLock { $0.isSyncHeld = isHeld } }

    /// From now on nothing can be forced to disk.
    func breakSyncs() { state.withLock { $0.isSyncBroken = true } }

    /// One bit of a segment changes.
    func flip(_ place: Int, of segment: UInt32) { state.withLock { $0.segments[segment]?[place] ^= 1 } }

    /// Others with the same in them, on a sound disk.
    func copy() -> FaultyFiles {
        let (segments, manifest, mark) = state.withLock { ($0.segments, $0.manifest, $0.mark) }
        let copy = FaultyFiles()
        copy.state.withLock { ($0.segments, $0.manifest, $0.mark) = (segments, manifest, mark) }
        return copy
    }

    let directory = "memory"
    let bootID: UInt64 = 1
    func path(of segment: UInt32) -> String { "segment \(segment)" }
    func segments() throws(StoreError) -> [UInt32] { state.withLock { $0.segments.keys.sorted() } }
    func contents(of segment: UInt32) throws(StoreError) -> [UInt8] { state.withLock { $0.segments[segment] ?? [] } }

    func read(_ count: Int, at offset: Int, of segment: UInt32) throws(StoreError) -> [UInt8] {
        state.withLock { Array(($0.segments[segment] ?? []).dropFirst(offset).prefix(count)) }
    }

    func create(_ segment: UInt32) throws(StoreError) { state.withLock { $0.segments[segment] = [] } }

    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) throws(StoreError) -> Int {
        let count = state.withLock { state in
            let count = min(octets.count, state.room)
            if state.room < .max { state.room -= count }
            precondition(state.segments[segment]?.count == offset)
            state.segments[segment]?.append(contentsOf: octets.prefix(count))
            return count
        }
        if count == 0 { throw .full("no room") }
        return count
    }

    func sync(_ segment: UInt32) throws(StoreError) {
        while state.withLock({ $0.isSyncHeld }) { usleep(100) }
        if state.withLock({ $0.isSyncBroken }) { throw .failed("it cannot be synced") }
        state.withLock { $0.syncs += 1 }
    }

    func manifest() throws(StoreError) -> [UInt8]? { state.withLock { $0.manifest } }
    func mark() throws(StoreError) -> [UInt8]? { state.withLock { $0.mark } }
    func replaceManifest(_ octets: [UInt8]) throws(StoreError) { state.withLock { $0.manifest = octets } }
    func writeMark(_ octets: [UInt8], isForced: Bool) throws(StoreError) { state.withLock { $0.mark = octets } }

    func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) throws(StoreError) -> String? {
        state.withLock { $0.segments[segment] = Array(($0.segments[segment] ?? []).prefix(count)) }
        return nil
    }

    func remove(_ segment: UInt32) throws(StoreError) { state.withLock { $0.segments[segment] = nil } }
    var freeOctets: Int { state.withLock { $0.free } }
    func close() {}
}
