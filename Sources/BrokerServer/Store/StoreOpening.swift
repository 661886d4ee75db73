import BrokerCore

/// A store as it was found.
package struct StoreOpening {
    let files: any StoreFiles
    package var recovered: StoreRecovery
    /// What is worth a line in the log.
    var notes: [(level: LogEvent.Level, text: String)] = []

    /// Reads everything back. What a crash cut off is removed; what was damaged otherwise is an error, and nothing is
    /// changed.
    package init(
        _ files: any StoreFiles, limits: StoreLimits, stop: @escaping @Sendable (StoreError) -> Never
    ) throws(StoreError) {
        self.files = files
        recovered = StoreRecovery(reader: SegmentWindows(files, stop: stop), limits: limits)
        let segments = try files.segments()
        var torn: (segment: UInt32, offset: Int, count: Int)?
        var lastCount = 0
        do throws(StoreDamage) {
            for segment in segments {
                let octets: [UInt8]
                do throws(StoreError) {
                    octets = try files.contents(of: segment)
                } catch {
                    throw StoreDamage(segment: segment, offset: 0, reason: error.description)
                }
                let extent = try recovered.replay(octets, number: segment, isLast: segment == segments.last)
                if case .tornAt(let offset) = extent { torn = (segment, offset, octets.count) }
                lastCount = octets.count
            }
            try recovered.finish()
        } catch {
            throw Self.error(of: error, files)
        }
        if let torn {
            notes.append(
                (
                    .warning,
                    "\(files.path(of: torn.segment)): cut off \(torn.count - torn.offset) octets at offset \(torn.offset), "
                        + "the rest of a write that was interrupted and not confirmed"
                ))
        }
        if let last = segments.last {
            if torn?.offset == 0 {
                try files.remove(last)
            } else {
                // In any case: what a killed broker wrote last may have been read from the system's memory alone, and
                // what is written from now on builds on it.
                try files.truncate(last, to: torn?.offset ?? lastCount)
            }
        }
        if !segments.isEmpty {
            notes.append(
                (
                    .info, "found \(recovered.queueCount) durable queues with \(recovered.messageCount) messages"
                ))
        }
    }

    /// Damage, with the file that it is in.
    package func error(of damage: StoreDamage) -> StoreError { Self.error(of: damage, files) }

    private static func error(of damage: StoreDamage, _ files: any StoreFiles) -> StoreError {
        .damaged(file: files.path(of: damage.segment), offset: damage.offset, reason: damage.reason)
    }
}
