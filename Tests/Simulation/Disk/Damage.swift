import BrokerServer

// What a disk does to files behind everybody's back.

extension SimulatedDisk {
    /// A file of a store.
    enum FileName: Hashable, Comparable {
        case mark, manifest
        case segment(UInt32)
    }

    /// Ways for a disk to lie. Each is done to one file, or two.
    package enum Damage: CaseIterable, Sendable {
        case flip, lostWrite, staleFile, staleWrite, misdirectedWrite, cut, cutAtARecord, appended, vanished, doubled
        case swapped, allVanished, unreadable, unreadableOnce, clockAYearOff
    }

    /// Does something to one of the files. `earlier`: the same disk as it was before. Returns what was done.
    func damage(_ kind: Damage, _ random: inout Randomness, earlier: [FileName: [UInt8]]) -> String {
        var files = image
        let names = files.keys.sorted()
        let name = random.pick(names)
        var octets = files[name] ?? []
        let place = octets.isEmpty ? 0 : random.below(octets.count)
        let end = min(octets.count, place + [1, 8, 64, 512][random.below(4)])
        switch kind {
        case .flip: if !octets.isEmpty { octets[place] ^= 1 << UInt8(random.below(8)) }
        case .lostWrite:
            // Also of all that a sector had, from the file's beginning on.
            let start = random.oneIn(3) ? 0 : place
            octets.replaceSubrange(start..<end, with: repeatElement(0, count: end - start))
        case .staleFile: octets = earlier[name] ?? octets
        case .staleWrite:
            // What stood there before, where anything did.
            let old = Array(repeating: 0, count: end).enumerated().map { earlier[name]?.dropFirst($0).first ?? $1 }
            octets.replaceSubrange(place..<end, with: old[place...])
        case .misdirectedWrite:
            let sourceName = random.pick(names)
            var source = files[sourceName] ?? []
            let from = source.isEmpty ? 0 : random.below(source.count)
            let moved = source[from..<min(source.count, from + end - place)]
            octets.replaceSubrange(place..<(place + moved.count), with: moved)
            // It is there as well, or not where it should be.
            if sourceName != name, random.oneIn(2) {
                source.replaceSubrange(moved.indices, with: repeatElement(0, count: moved.count))
                files[sourceName] = source
            }
        case .cut: octets.removeSubrange(place...)
        case .cutAtARecord: octets.removeSubrange(random.pick(Self.records(of: octets))...)
        case .appended: octets += (0..<(1 + random.below(40))).map { _ in UInt8(random.below(256)) }
        case .vanished: files[name] = nil
        case .doubled:
            let newest = segmentNumbers.max() ?? 0
            let other = [newest + 1, newest, (segmentNumbers.min() ?? 2) - 1][random.below(3)]
            if case .segment = name { files[.segment(other)] = octets }
        case .swapped:
            let other = random.pick(names)
            (octets, files[other]) = (files[other] ?? [], octets)
        case .allVanished:
            for segment in segmentNumbers { files[.segment(segment)] = nil }
            if random.oneIn(2) { files[.manifest] = nil }
        case .unreadable: if case .segment(let segment) = name { failReads(of: segment, times: .max) }
        case .unreadableOnce: if case .segment(let segment) = name { failReads(of: segment, times: 1) }
        case .clockAYearOff: break
        }
        if files[name] != nil { files[name] = octets }
        image = files
        return "\(kind) of \(name) at \(place)..<\(end)"
    }

    /// Where records begin, and where the last one ends.
    static func records(of octets: [UInt8]) -> [Int] {
        var (places, place) = ([0], 56)
        while place <= octets.count {
            places.append(place)
            guard octets.count - place > 12 else { break }
            place += 12 + octets[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return places.filter { $0 <= octets.count }
    }
}
