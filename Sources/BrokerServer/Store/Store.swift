import BrokerCore
import Dispatch
import Synchronization

/// Carries out what the core wants written, on a thread of its own: one batch after the other, each forced to disk once
/// for all who wait for something in it.
package final class Store: Sendable {
    private let files: any StoreFiles
    private let stop: @Sendable (StoreError) -> Never
    private let queue = DispatchQueue(label: "BrokerServer.Store")
    /// A batch that could not be written completely.
    private let unfinished = Mutex<Progress?>(nil)
    /// What is known of the newest segment once it is forced to disk.
    private let end = Mutex<SyncedMark?>(nil)
    /// The batch that comes after it.
    private let handed = Mutex<StoreBatch?>(nil)

    /// Octets that have to be free on the disk.
    let diskFreeLimit: Int
    private let condition = Mutex(Condition())

    private struct Condition {
        /// Nothing is written any more.
        var isClosed = false
        var isDiskLow = false
        var isRetrySet = false
        /// A segment was made. The one before the first was left by an earlier broker, and is complete.
        var hasSegment = false
    }

    /// How far a batch has been written.
    private struct Progress {
        let batch: StoreBatch
        var isSegmentMade = false
        var isSegmentListed = false
        /// Octets.
        var written = 0
    }

    /// Milliseconds between two attempts to write to a full disk.
    static let retryInterval: Int64 = 250

    package init(_ files: any StoreFiles, diskFreeLimit: Int, stop: @escaping @Sendable (StoreError) -> Never) {
        self.files = files
        self.diskFreeLimit = diskFreeLimit
        self.stop = stop
    }

    /// What the writing of a batch came to.
    package enum Outcome {
        case done
        case full(StoreError)
    }

    /// Runs `work` on the store's thread.
    func execute(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    /// Runs `work` on the store's thread and waits for it.
    func wait(for work: @Sendable () -> Void) { queue.sync(execute: work) }

    /// Takes what is to be written next. False: the store is closed.
    func hand(_ batch: StoreBatch) -> Bool {
        if condition.withLock({ $0.isClosed }) { return false }
        handed.withLock { $0 = batch }
        return true
    }

    /// The batch that found no room, or the one that was handed over since; nil: there is none.
    func nextBatch() -> StoreBatch? {
        if condition.withLock({ $0.isClosed }) { return nil }
        return unfinished.withLock { $0?.batch } ?? handed.withLock { $0.take() }
    }

    /// Writes a batch, or what is left of it. Any failure but a full disk ends the broker: after a write that failed,
    /// nobody knows what is on the disk, and going on would mean to confirm what may be lost.
    package func write(_ batch: StoreBatch) -> Outcome {
        var progress = unfinished.withLock { $0 } ?? Progress(batch: batch)
        do throws(StoreError) {
            if batch.beginsSegment { try begin(&progress) }
            try write(through: batch.octets.count, &progress)
            let mark = batch.mark(bootID: files.bootID)
            if batch.needsSync {
                try files.sync(batch.segment)
                try files.writeMark(mark.octets, isForced: false)
            }
            end.withLock { $0 = mark }
        } catch {
            guard case .full = error else { stop(error) }
            unfinished.withLock { $0 = progress }
            return .full(error)
        }
        unfinished.withLock { $0 = nil }
        return .done
    }

    /// Makes the batch's segment. The manifest names it when its header is on disk, and before anything else of it is.
    private func begin(_ progress: inout Progress) throws(StoreError) {
        let batch = progress.batch
        if !progress.isSegmentMade {
            if batch.segment > 1, condition.withLock({ $0.hasSegment }) { try files.sync(batch.segment - 1) }
            try files.create(batch.segment)
            condition.withLock { $0.hasSegment = true }
            progress.isSegmentMade = true
        }
        if !progress.isSegmentListed {
            try write(through: StoreBatch.headerCount, &progress)
            try files.sync(batch.segment)
            try files.replaceManifest(batch.manifest)
            progress.isSegmentListed = true
        }
    }

    private func write(through count: Int, _ progress: inout Progress) throws(StoreError) {
        let batch = progress.batch
        while progress.written < count {
            progress.written += try files.write(
                batch.octets[progress.written..<count], at: batch.offset + progress.written, of: batch.segment)
        }
    }

    /// Removes what a batch made superfluous; to be called when the batch is on disk.
    package func remove(_ segments: [UInt32]) {
        for segment in segments {
            do throws(StoreError) { try files.remove(segment) } catch { stop(error) }
        }
    }

    var freeOctets: Int { files.freeOctets }

    /// Remembers how the disk is. True: that is news, and somebody is there to be told.
    func noteDisk(isLow: Bool) -> Bool {
        condition.withLock { condition in
            if condition.isClosed { return false }
            defer { condition.isDiskLow = isLow }
            return condition.isDiskLow != isLow
        }
    }

    /// Remembers whether another attempt is due. True: that is news.
    func noteRetry(isSet: Bool) -> Bool {
        condition.withLock { condition in
            defer { condition.isRetrySet = isSet }
            return condition.isRetrySet != isSet
        }
    }

    /// Forces to disk what nobody waited for, notes that nothing is missing, and gives the directory back. Once is enough: a
    /// second call does nothing.
    package func close() {
        let isOpen = condition.withLock { condition in
            defer { condition.isClosed = true }
            return !condition.isClosed
        }
        guard isOpen else { return }
        if var mark = end.withLock({ $0 }), unfinished.withLock({ $0 }) == nil {
            mark.isClean = true
            do throws(StoreError) {
                try files.sync(mark.segment)
                try files.writeMark(mark.octets, isForced: true)
            } catch {
                // Without room for the mark, the next broker knows a little less.
                guard case .full = error else { stop(error) }
            }
        }
        files.close()
    }
}
