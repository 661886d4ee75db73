import BrokerCore
import Dispatch
import Platform
import Synchronization

/// Scans the segments of a store in their order, those that are asked for next beside each other, each on a thread of
/// its own: so what is read back goes on while what was read is verified.
final class SegmentScans {
    private let files: any StoreFiles
    private let segments: [UInt32]
    private var given = 0
    /// Octets of the segments that were given out.
    private var count = 0
    /// Those that are being scanned, the next first.
    private var ahead: [Scan] = []
    private let queue = DispatchQueue(label: "BrokerServer.SegmentScans", attributes: .concurrent)
    /// How many are scanned at the same time.
    private let width: Int

    /// A few segments are worth no threads.
    private static let fewOctets = 1 << 20

    private final class Scan: Sendable {
        let result = Mutex<Result<SegmentScan, StoreError>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
    }

    init(_ files: any StoreFiles, _ segments: [UInt32]) {
        (self.files, self.segments) = (files, segments)
        // What was scanned ahead is held in memory.
        width = max(2, min(4, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// The next segment's.
    func next() throws(StoreError) -> SegmentScan {
        defer { given += 1 }
        let scan: SegmentScan
        if count < Self.fewOctets {
            scan = try Self.scan(segments[given], files).get()
        } else {
            while ahead.count < width, given + ahead.count < segments.count { start(segments[given + ahead.count]) }
            let first = ahead.removeFirst()
            first.isDone.wait()
            guard let result = first.result.withLock({ $0.take() }) else { throw .failed("a segment was not scanned") }
            scan = try result.get()
        }
        count += scan.count
        return scan
    }

    private func start(_ segment: UInt32) {
        let (scan, files) = (Scan(), files)
        ahead.append(scan)
        queue.async {
            let result = Self.scan(segment, files)
            scan.result.withLock { $0 = result }
            scan.isDone.signal()
        }
    }

    private static func scan(_ segment: UInt32, _ files: any StoreFiles) -> Result<SegmentScan, StoreError> {
        func read(_ count: Int, _ offset: Int) throws(StoreError) -> [UInt8] {
            try files.read(count, at: offset, of: segment)
        }
        func all() throws(StoreError) -> [UInt8] { try files.contents(of: segment) }
        return Result { () throws(StoreError) in try SegmentScan(read: read, readAll: all) }
    }
}
