import AMQPWire
import Testing

struct WireErrorTests {
    @Test func `says code, reason and place`() {
        #expect("\(WireError(.frameError, "too long", at: 7))" == "501 FRAME_ERROR: too long (at octet 7)")
    }
}
