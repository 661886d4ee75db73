import BrokerCore

/// A store as it was found.
package struct StoreOpening {
    let files: any StoreFiles
    package var recovered: StoreRecovery
    /// What is worth a line in the log.
    package private(set) var notes: [(level: LogEvent.Level, text: String)] = []

    /// What is to be done about a file before the store is written to.
    private enum Repair {
        case cut(UInt32, at: Int, count: Int, isUnconfirmed: Bool)
        case remove(UInt32)
    }

    /// Reads everything back. What a crash cut off is removed, and kept beside if it may have been confirmed. What was
    /// damaged otherwise is an error, and nothing is changed.
    package init(
        _ files: any StoreFiles, limits: StoreLimits, stop: @escaping @Sendable (StoreError) -> Never
    ) throws(StoreError) {
        self.files = files
        let beside = StoreBeside(manifest: try files.manifest(), mark: try files.mark(), bootID: files.bootID)
        let segments = try files.segments()
        var repairs: [Repair] = []
        do throws(StoreDamage) {
            recovered = try StoreRecovery(
                reader: SegmentWindows(files, stop: stop), beside: beside, limits: limits)
        } catch { throw Self.error(of: error, files) }
        let scans = SegmentScans(files, segments)
        for segment in segments {
            let scan = try scans.next()
            do throws(StoreDamage) {
                switch try recovered.replay(scan, number: segment, isLast: segment == segments.last) {
                case .whole: break
                case .tornAt(let offset, let isUnconfirmed):
                    repairs.append(.cut(segment, at: offset, count: scan.count, isUnconfirmed: isUnconfirmed))
                case .unused: repairs.append(.remove(segment))
                case .superseded:
                    notes.append(
                        (.warning, "\(files.path(of: segment)): ignored, it is older than any that is needed"))
                }
            } catch { throw Self.error(of: error, files) }
        }
        do throws(StoreDamage) { try recovered.finish() } catch { throw Self.error(of: error, files) }
        if let doubt = recovered.doubt { notes.append((.warning, "\(files.directory): \(doubt)")) }
        for repair in repairs { try carryOut(repair) }
        try mark(isNew: beside.manifest == nil)
        if !segments.isEmpty {
            notes.append(
                (
                    .info,
                    "found \(LogEvent.counted(recovered.queueCount, "durable queue")) with "
                        + LogEvent.counted(recovered.messageCount, "message")
                ))
        }
    }

    private mutating func carryOut(_ repair: Repair) throws(StoreError) {
        switch repair {
        case .remove(let segment): try files.remove(segment)
        case .cut(let segment, let offset, let count, let isUnconfirmed):
            let kept = try files.truncate(segment, to: offset, keepingRest: !isUnconfirmed)
            notes.append(
                (
                    .warning,
                    "\(files.path(of: segment)): cut off \(count - offset) octets at offset \(offset), the rest of a "
                        + "write that was interrupted and "
                        + (kept.map { "may have been confirmed; they are kept in \($0)" } ?? "not confirmed")
                ))
        }
    }

    /// From now on it is known how the directory looked at this start. A new directory gets its manifest, and one of
    /// version 1 is of version 2 with that.
    private func mark(isNew: Bool) throws(StoreError) {
        let mark = recovered.mark(bootID: files.bootID)
        // In any case: what a killed broker wrote last may have been read from the system's memory alone, and what is
        // written from now on builds on it.
        if mark.offset > 0 { _ = try files.truncate(mark.segment, to: mark.offset, keepingRest: false) }
        try files.writeMark(mark.octets, isForced: true)
        if isNew { try files.replaceManifest(recovered.foundManifest) }
    }

    /// Damage, with the file that it is in.
    package func error(of damage: StoreDamage) -> StoreError { Self.error(of: damage, files) }

    private static func error(of damage: StoreDamage, _ files: any StoreFiles) -> StoreError {
        let file = files.path(of: damage.segment)
        if damage.isNewerFormat { return .newer(file: file, reason: damage.reason) }
        return .damaged(file: file, offset: damage.offset, reason: damage.reason)
    }
}
