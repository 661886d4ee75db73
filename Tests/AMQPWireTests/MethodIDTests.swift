import AMQPWire
import Testing

struct MethodIDTests {
    @Test func `content follows publish, return, deliver and get-ok, and nothing else`() {
        let withContent = MethodVector.all.filter(\.fields.id.hasContent).map(\.name)
        #expect(Set(withContent) == ["basic.publish", "basic.return", "basic.deliver", "basic.get-ok"])
        #expect(!MethodID(50, 40).hasContent)
    }

    @Test func `an unknown id shows its numbers`() {
        #expect("\(MethodID(50, 11))" == "queue.declare-ok")
        #expect("\(MethodID(50, 99))" == "class 50, method 99")
        #expect(MethodID.none.name == nil)
    }
}
