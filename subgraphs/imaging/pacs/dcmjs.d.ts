// biome-ignore-all lint/style/noDefaultExport: so the package has it
declare module 'dcmjs' {
  type Elements = Record<string, { vr: string; Value?: readonly unknown[] } | undefined>;
  const dcmjs: {
    data: {
      DicomDict: new (
        meta: Elements,
      ) => { dict: Elements; write(options?: { allowInvalidVRLength?: boolean }): ArrayBuffer };
      DicomMetaDictionary: { denaturalizeDataset(dataSet: object): Elements };
    };
    log: { setLevel(level: 'silent'): void };
  };
  export default dcmjs;
}
