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
        case flip, lostWrite, staleFile, misdirectedWrite, cut, cutAtARecord, appended, vanished, doubled, swapped
        case allVanished, unreadable, clockAYearOff
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
        case .misdirectedWrite:
            let source = files[random.pick(names)] ?? []
            let from = source.isEmpty ? 0 : random.below(source.count)
            let moved = source[from..<min(source.count, from + end - place)]
            octets.replaceSubrange(place..<(place + moved.count), with: moved)
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
        case .allVanished: for segment in segmentNumbers { files[.segment(segment)] = nil }
        case .unreadable: if case .segment(let segment) = name { breakReads(of: segment) }
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
