import BrokerCore

/// Reads messages back from the segments, and a good deal of what stands behind them: a backlog is read in the order
/// in which it was written.
final class SegmentWindows: StoreReader {
    private let files: any StoreFiles
    private let stop: @Sendable (StoreError) -> Never
    /// The last ones used, the latest at the end. One for each of a few queues that are read at the same time.
    private var windows: [Window] = []

    private struct Window {
        var segment: UInt32
        var offset: Int
        var octets: [UInt8]
    }

    private static let windowOctets = 256 << 10
    private static let windowCount = 8

    init(_ files: any StoreFiles, stop: @escaping @Sendable (StoreError) -> Never) {
        self.files = files
        self.stop = stop
    }

    func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8]? {
        let known = windows.lastIndex { window in
            window.segment == segment && window.offset <= offset
                && offset + count <= window.offset + window.octets.count
        }
        if let known {
            let window = windows[known]
            if known < windows.count - 1 {
                windows.remove(at: known)
                windows.append(window)
            }
            return Array(window.octets[(offset - window.offset)..<(offset - window.offset + count)])
        }
        let octets: [UInt8]
        do throws(StoreError) {
            octets = try files.read(max(count, Self.windowOctets), at: offset, of: segment)
        } catch { stop(error) }
        guard octets.count >= count else { return nil }
        // A message larger than a window is not needed twice.
        if count > Self.windowOctets { return octets }
        if windows.count == Self.windowCount { windows.removeFirst() }
        windows.append(Window(segment: segment, offset: offset, octets: octets))
        return Array(octets[..<count])
    }

    func lost(_ damage: StoreDamage) -> Never {
        stop(.damaged(file: files.path(of: damage.segment), offset: damage.offset, reason: damage.reason))
    }
}
