structuredClone(() => 1);
